"""YAML as text: mappings, lists and strings, read by PyYAML and bounded.

What a plain scalar means (a truth, a number, nothing) differs from tool to tool, so
each stays the text that it is, and a quoted one is marked. Where PyYAML comes with
libyaml, that does the reading: the parsers of zrepl (go-yaml) and of others are
translations of it.
"""

from __future__ import annotations

from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["Quoted", "is_null", "read_truth", "read_whole", "read_yaml"]

_DEEPEST = 50
# Aliases make a document larger than its text; no settings come near to this.
_MOST_NODES = 200_000

# YAML 1.1, as go-yaml v2 and PyYAML's other loaders resolve it
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(
    ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
)
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_LONGEST_NUMBER = 9


class Quoted(str):
    """A scalar in quotes, or in a block: never anything but text."""

    __slots__ = ()


def is_null(value: object) -> bool:
    """Tell whether a value is nothing: ``~``, ``null``, or not there."""
    return isinstance(value, str) and not isinstance(value, Quoted) and value in _NULL


def read_truth(value: object) -> bool | None:
    """Read a truth; None where the value is none."""
    if not isinstance(value, str) or isinstance(value, Quoted):
        return None
    return True if value in _TRUE else False if value in _FALSE else None


def read_whole(value: object) -> int | None:
    """Read a whole number that is not negative; None where the value is none.

    One that begins with a zero is octal to some and decimal to others, and is none.
    """
    if not isinstance(value, str) or isinstance(value, Quoted):
        return None
    digits = value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
    return int(value) if digits and (value == "0" or value[0] != "0") else None


def read_yaml(text: str) -> object:
    """Read one document: dicts, lists and strings; None where there is nothing.

    Raises:
        PolicyError: It is no YAML, has a key twice, is too deep or too large, or holds
            what is not read here: a tag, a merge key, a second document. Or PyYAML
            is not installed.
    """
    try:
        import yaml  # noqa: PLC0415 (an extra: only who reads YAML needs it)
    except ImportError:
        raise PolicyError(
            "cannot read YAML: PyYAML is not installed",
            hint="pip install 'zfstune[readers]', or apt install python3-yaml",
        ) from None
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    tree = _Tree()
    try:
        for event in yaml.parse(text, Loader=loader):
            tree.take(event, type(event).__name__)
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        _refuse(mark.line + 1 if mark is not None else 0, shown(str(problem)))
    return tree.document


class _Tree:
    """Builds values from a parser's events, without recursion."""

    def __init__(self) -> None:
        self.document: object = None
        self._documents = 0
        # what is open: a list, or a mapping with the key whose value comes next
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._named: set[str] = set()

    def take(self, event: Any, kind: str) -> None:
        line = event.start_mark.line + 1
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                _refuse(line, "only one document is read")
        if getattr(event, "tag", None) not in (None, "!"):
            _refuse(line, f"the tag {shown(event.tag)} is not read here")
        if kind != "AliasEvent":
            self._name(getattr(event, "anchor", None), line)
        if kind == "ScalarEvent":
            quoted = event.style not in (None, "")
            value: object = Quoted(event.value) if quoted else event.value
            self._add(value, 1, event.anchor, line, merges=not quoted and value == "<<")
        elif kind == "AliasEvent":
            if event.anchor not in self._anchors:
                _refuse(line, f"nothing before it is called &{shown(event.anchor)}")
            value, nodes = self._anchors[event.anchor]
            self._add(value, nodes, None, line)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            if len(self._open) == _DEEPEST:
                _refuse(line, "it is nested too deeply")
            begun: list[Any] | dict[str, Any] = [] if kind == "SequenceStartEvent" else {}
            self._open.append(_Open(begun, event.anchor, line))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            done = self._open.pop()
            self._add(done.value, done.nodes, done.anchor, done.line)

    def _name(self, anchor: str | None, line: int) -> None:
        """Take a name once: parsers do not agree on what a second one means."""
        if anchor in self._named:
            _refuse(line, f"something before it is called &{shown(anchor)}, too")
        if anchor is not None:
            self._named.add(anchor)

    def _add(
        self, value: object, nodes: int, anchor: str | None, line: int, *,
        merges: bool = False,
    ) -> None:  # fmt: skip
        if anchor is not None:
            self._anchors[anchor] = value, nodes
        if not self._open:
            self.document = None if is_null(value) else value
            return
        parent = self._open[-1]
        parent.nodes += nodes
        if parent.nodes > _MOST_NODES:
            _refuse(line, "its aliases make it too large")
        parent.add(value, line, merges=merges)


class _Open:
    """A list or mapping whose end has not come."""

    def __init__(
        self, value: list[Any] | dict[str, Any], anchor: str | None, line: int
    ) -> None:
        self.value = value
        self.anchor = anchor
        self.line = line
        self.nodes = 1
        self._key: str | None = None

    def add(self, value: object, line: int, *, merges: bool) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        elif self._key is not None:
            self.value[self._key] = value
            self._key = None
        elif merges:
            _refuse(line, "the merge key << is not read here")
        elif not isinstance(value, str):
            _refuse(line, "a key is no text")
        elif value in self.value:
            _refuse(line, f"the key '{shown(value)}' stands there twice")
        else:
            self._key = value


def _refuse(line: int, problem: str) -> NoReturn:
    where = f"line {line}" if line else "it as YAML"
    raise PolicyError(f"cannot read {where}: {problem}")
