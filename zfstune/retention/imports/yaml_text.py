"""Read YAML as mappings, lists and texts, by PyYAML and within bounds.

Tools differ on which plain scalars are truths, numbers or nothing, so each scalar stays
a text, and a quoted one is marked. If PyYAML has libyaml, libyaml parses the text: the
parsers of other tools, such as zrepl's go-yaml, are translations of it.
"""

from __future__ import annotations

from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any, NoReturn

__all__ = [
    "Quoted",
    "is_null",
    "read_mapping",
    "read_truth",
    "read_yaml",
    "read_yaml_number",
]

_DEEPEST = 50
# Aliases can make a document much larger than its text. No settings come near this size.
_MOST_NODES = 200_000

# The words of YAML 1.1, as in resolve.go of go-yaml v2 and in yaml/resolver.py of PyYAML.
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(
    ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
)
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_LONGEST_NUMBER = 9


class Quoted(str):
    """A scalar in quotes, or in a block, which is text for every tool."""

    __slots__ = ()


def is_null(value: object) -> bool:
    """Tell whether a value is nothing: ``~``, ``null`` or empty."""
    return isinstance(value, str) and not isinstance(value, Quoted) and value in _NULL


def read_truth(value: object) -> bool | None:
    """Read a truth; None if the value is no truth."""
    if not isinstance(value, str) or isinstance(value, Quoted):
        return None
    return True if value in _TRUE else False if value in _FALSE else None


def read_yaml_number(value: object) -> int | None:
    """Read a whole number of zero or more; None if the value is no such number.

    Digits after a leading zero are octal to some tools and decimal to others, so they
    count as no number.
    """
    if not isinstance(value, str) or isinstance(value, Quoted):
        return None
    digits = value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
    return int(value) if digits and (value == "0" or value[0] != "0") else None


def read_mapping(
    text: str, tool: str, keys: Collection[str], otherwise: str
) -> dict[str, object]:
    """Read a tool's settings: one document that is a mapping.

    Args:
        text: The document.
        tool: The tool's name, for messages.
        keys: The keys that it may have.
        otherwise: The message for a document that is no mapping.

    Raises:
        PolicyError: The text is no such document.
    """
    try:
        document = read_yaml(text)
    except PolicyError as error:
        message = f"cannot import from {tool}: {error.message}"
        raise PolicyError(message, hint=error.hint) from None
    if not isinstance(document, dict):
        raise PolicyError(f"cannot import from {tool}: {otherwise}")
    odd = document.keys() - set(keys)
    if odd:
        raise PolicyError(f"cannot import from {tool}: unknown key '{shown(min(odd))}'")
    return document


def read_yaml(text: str) -> object:
    """Read one document into dicts, lists and texts; None if it is empty.

    Raises:
        PolicyError: It is no YAML, has a key twice, is too deep or too large, or has a
            construct that is not read here: a tag, a merge key, a second document. Or
            PyYAML is not installed.
    """
    try:
        import yaml  # noqa: PLC0415 (an extra, which only the readers of YAML need)
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
    """Builds the document from a parser's events, without recursion."""

    def __init__(self) -> None:
        self.document: object = None
        self._documents = 0
        # The lists and mappings that have not ended yet, the outermost first.
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._named: set[str] = set()

    def take(self, event: Any, kind: str) -> None:
        line = event.start_mark.line + 1
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                _refuse(line, "a second document begins, and zfstune reads only one")
        if getattr(event, "tag", None) not in (None, "!"):
            _refuse(line, f"the tag {shown(event.tag)} is not supported")
        if kind != "AliasEvent":
            self._name(getattr(event, "anchor", None), line)
        if kind == "ScalarEvent":
            quoted = event.style not in (None, "")
            value: object = Quoted(event.value) if quoted else event.value
            self._add(value, 1, event.anchor, line, merges=not quoted and value == "<<")
        elif kind == "AliasEvent":
            if event.anchor not in self._anchors:
                _refuse(line, f"no anchor &{shown(event.anchor)} stands before it")
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
        """Refuse an anchor's name the second time: parsers disagree on its meaning."""
        if anchor in self._named:
            _refuse(line, f"the anchor &{shown(anchor)} is defined a second time")
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
    """A list or mapping that has not ended yet."""

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
            _refuse(line, "zfstune does not read the merge key <<")
        elif not isinstance(value, str):
            _refuse(line, "a key is no text")
        elif value in self.value:
            _refuse(line, f"the key '{shown(value)}' is given twice")
        else:
            self._key = value


def _refuse(line: int, problem: str) -> NoReturn:
    where = f"line {line}" if line else "it as YAML"
    raise PolicyError(f"cannot read {where}: {problem}")
