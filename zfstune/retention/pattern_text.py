"""Read globs and regular expressions into what they are made of.

:mod:`zfstune.retention.name_pattern` matches them, and says which of their forms there are.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.text import shown

__all__ = [
    "ANYTHING",
    "Characters",
    "Choice",
    "Edge",
    "Node",
    "PatternError",
    "Repeat",
    "Sequence",
    "is_word",
    "read_glob",
    "read_regex",
]

_MOST_REPEATS = 1000  # no name has so many characters
_MOST_NESTED = 50
_CLASSES = frozenset("dDwWsS")
_EDGES = frozenset("AZbB")
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}


class PatternError(ValueError):
    """An expression cannot be used; for callers with a message of their own.

    Args:
        reason: What is wrong with it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class Characters:
    """One character out of a set.

    Attributes:
        singles: Those named one by one.
        ranges: First and last of each range.
        classes: Letters of the classes, as ``d`` for digits.
        negated: All others instead.
    """

    singles: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    classes: str = ""
    negated: bool = False

    def has(self, character: str) -> bool:
        """Tell whether a character is one of them."""
        found = (
            character in self.singles
            or any(first <= character <= last for first, last in self.ranges)
            or any(_in_class(letter, character) for letter in self.classes)
        )
        return found is not self.negated


@frozen
class Edge:
    """A place between characters: ``A`` start, ``Z`` end, ``b`` edge of a word, ``B``."""

    kind: str


@frozen
class Sequence:
    """One part after the other."""

    parts: tuple[Node, ...]


@frozen
class Choice:
    """One of the parts."""

    parts: tuple[Node, ...]


@frozen
class Repeat:
    """A part several times; `most` None: without limit."""

    part: Node
    least: int
    most: int | None


Node = Characters | Edge | Sequence | Choice | Repeat

_ANY = Characters(negated=True)
ANYTHING = Repeat(_ANY, 0, None)


def _in_class(letter: str, character: str) -> bool:
    """Tell whether a class has a character; as in Python, in any script."""
    kind = letter.lower()
    if kind == "d":
        found = character.isdecimal()
    elif kind == "w":
        found = is_word(character)
    else:
        found = character.isspace()
    return found is (kind == letter)


def is_word(character: str) -> bool:
    """Tell whether a character is part of a word, in any script."""
    return character.isalnum() or character == "_"


def _single(character: str) -> Characters:
    return Characters(frozenset(character))


def read_glob(glob: str) -> Node:
    """Read a glob as fnmatch.translate() does."""
    parts: list[Node] = []
    at = 0
    while at < len(glob):
        character = glob[at]
        at += 1
        if character == "*":
            if not parts or parts[-1] is not ANYTHING:
                parts.append(ANYTHING)
        elif character == "?":
            parts.append(_ANY)
        else:
            end = _end_of_class(glob, at) if character == "[" else -1
            if end < 0:
                parts.append(_single(character))
            else:
                parts.append(_glob_class(glob[at:end]))
                at = end + 1
    return Sequence(tuple(parts))


def _end_of_class(glob: str, at: int) -> int:
    """Give the place of the bracket that closes a class, or -1; the first is a member."""
    at += glob.startswith("!", at)
    return glob.find("]", at + 1)


def _glob_class(text: str) -> Characters:
    negated = text.startswith("!")
    members = text.removeprefix("!")
    singles = set()
    ranges = []
    at = 0
    while at < len(members):
        if members[at + 1 : at + 2] == "-" and at + 2 < len(members):
            ranges.append((members[at], members[at + 2]))
            at += 3
        else:
            singles.add(members[at])
            at += 1
    return Characters(frozenset(singles), tuple(ranges), negated=negated)


def read_regex(regex: str) -> tuple[list[Node], Node]:
    """Give what lookaheads at the beginning refuse, and the expression behind them.

    Raises:
        PatternError: It is none, or it asks for more than is matched.
    """
    return _Parser(regex).parse()


class _Parser:
    """Reads a regular expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> tuple[list[Node], Node]:
        """Give what the lookaheads at the beginning refuse, and the expression."""
        refused = []
        while self._take("(?!"):
            refused.append(self._choice())
            self._close()
        found = self._choice()
        if self._at < len(self._text):
            raise PatternError(f"unbalanced ')' at position {self._at + 1}")
        if refused and isinstance(found, Choice):
            raise PatternError("'(?!' is for the whole; put what follows it in (?:...)")
        return refused, found

    def _take(self, word: str) -> bool:
        if not self._text.startswith(word, self._at):
            return False
        self._at += len(word)
        return True

    def _next(self) -> str:
        """Take one character; at the end there is none."""
        found = self._text[self._at : self._at + 1]
        self._at += 1
        return found

    def _close(self) -> None:
        if not self._take(")"):
            raise PatternError("missing ')': a group is left open")

    def _choice(self) -> Node:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return Sequence(tuple(parts))

    def _atom(self) -> Node:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if character == ".":
            return _ANY
        if character in "^$":
            return Edge("A" if character == "^" else "Z")
        if character in "*+?":
            raise PatternError(f"nothing to repeat at position {self._at}")
        if character == "{":
            self._at -= 1
            if self._counts() is not None:
                raise PatternError(f"nothing to repeat before position {self._at + 1}")
            self._at += 1
        return _single(character)

    def _group(self) -> Node:
        if self._take("?") and not self._take(":"):
            name = self._name()
            if not name:
                raise PatternError(
                    f"'(?{shown(self._text[self._at : self._at + 2])}' is not matched here"
                )
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise PatternError(f"more than {_MOST_NESTED} groups lie in each other")
        found = self._choice()
        self._close()
        self._depth -= 1
        return Sequence((found,))

    def _name(self) -> str:
        """Take the name of a group, which says nothing here; else nothing."""
        if not self._text.startswith("P<", self._at):
            return ""
        name, end, _ = self._text[self._at + 2 :].partition(">")
        if not end or not name.isidentifier():
            return ""
        self._at += len(name) + 3
        return name

    def _escape(self) -> Node:
        letter = self._next()
        if letter in _EDGES and letter:
            return Edge(letter)
        return self._class_or_single(letter)

    def _class_or_single(self, letter: str) -> Characters:
        """Read what follows a backslash, in a class or outside of one."""
        if letter in _CLASSES:
            return Characters(classes=letter)
        if letter in _ESCAPED:
            return _single(_ESCAPED[letter])
        if not letter:
            raise PatternError("a backslash at the end")
        if letter.isascii() and letter.isalnum():
            raise PatternError(f"'\\{letter}' is not matched here")
        return _single(letter)

    def _class(self) -> Node:
        begun = self._at
        negated = self._take("^")
        first = self._at
        singles: set[str] = set()
        ranges = []
        classes = ""
        while not (self._at > first and self._take("]")):
            if self._text.startswith("[:", self._at):
                raise PatternError("classes like [[:alpha:]] are not matched here")
            low = self._member(begun)
            dashed = self._text.startswith("-", self._at)
            if not dashed or self._text.startswith("-]", self._at):
                singles |= low.singles
                classes += low.classes
                continue
            self._at += 1
            high = self._member(begun)
            if low.classes or high.classes:
                raise PatternError(f"bad range in the class at position {begun}")
            (start,), (end,) = low.singles, high.singles
            if start > end:
                raise PatternError(f"bad range '{shown(f'{start}-{end}')}'")
            ranges.append((start, end))
        return Characters(frozenset(singles), tuple(ranges), classes, negated)

    def _member(self, begun: int) -> Characters:
        character = self._next()
        if not character:
            raise PatternError(f"missing ']' for the '[' at position {begun}")
        if character != "\\":
            return _single(character)
        return self._class_or_single(self._next())

    def _repeated(self, part: Node) -> Node:
        counts = self._counts()
        if counts is None:
            return part
        if isinstance(part, Edge):
            raise PatternError(f"nothing to repeat before position {self._at + 1}")
        self._take("?")  # a lazy one matches the same wholes
        if self._text[self._at : self._at + 1] == "+" or self._counts() is not None:
            raise PatternError(f"multiple repeat before position {self._at + 1}")
        return Repeat(part, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        """Take how often the part before is repeated, if that is said."""
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return counts
        inner, end, _ = self._text[self._at + 1 :].partition("}")
        least, comma, most = inner.partition(",")
        digits = least + most
        # as in Python, other braces are characters
        if not (self._text.startswith("{", self._at) and end and inner) or not (
            not digits or (digits.isascii() and digits.isdigit())
        ):
            return None
        self._at += len(inner) + 2
        low = _count(least or "0")
        if not comma:
            return low, low
        high = _count(most) if most else None
        if high is not None and high < low:
            raise PatternError(f"'{{{inner}}}' goes down")
        return low, high


def _count(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(_MOST_REPEATS)) or int(digits) > _MOST_REPEATS:
        raise PatternError(f"it repeats more than {_MOST_REPEATS} times")
    return int(digits)
