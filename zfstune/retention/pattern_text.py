"""Parse globs and regular expressions.

:mod:`zfstune.retention.name_pattern` matches them, and lists the forms that are known.
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

_MOST_REPEATS = 1000  # more than the characters of any name
_MOST_NESTED = 50
_CLASSES = frozenset("dDwWsS")
_EDGES = frozenset("AZbB")
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}


class PatternError(ValueError):
    """An expression cannot be used; for callers with a message of their own.

    Args:
        reason: The reason, in words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class Characters:
    """One character out of a set.

    Attributes:
        singles: The characters that are named one by one.
        ranges: First and last character of each range.
        classes: Letters of the classes, as ``d`` for digits.
        negated: Whether the set is all other characters instead.
    """

    singles: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    classes: str = ""
    negated: bool = False

    def has(self, character: str) -> bool:
        """Tell whether a character is in the set."""
        is_listed = (
            character in self.singles
            or any(first <= character <= last for first, last in self.ranges)
            or any(_in_class(letter, character) for letter in self.classes)
        )
        return is_listed is not self.negated


@frozen
class Edge:
    """A place between characters.

    Attributes:
        kind: ``A`` for the start, ``Z`` for the end, ``b`` for an edge of a word, ``B``
            for any other place.
    """

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
    """Tell whether a character is in a class, in any script as in Python."""
    kind = letter.lower()
    if kind == "d":
        is_of_kind = character.isdecimal()
    elif kind == "w":
        is_of_kind = is_word(character)
    else:
        is_of_kind = character.isspace()
    return is_of_kind is (kind == letter)  # a capital letter stands for all others


def is_word(character: str) -> bool:
    """Tell whether a character is part of a word, in any script."""
    return character.isalnum() or character == "_"


def _single(character: str) -> Characters:
    return Characters(frozenset(character))


def read_glob(glob: str) -> Node:
    """Read a glob as fnmatch.translate() does."""
    parts: list[Node] = []
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            if not parts or parts[-1] is not ANYTHING:
                parts.append(ANYTHING)
        elif character == "?":
            parts.append(_ANY)
        else:
            end = _end_of_class(glob, position) if character == "[" else -1
            if end < 0:
                parts.append(_single(character))
            else:
                parts.append(_glob_class(glob[position:end]))
                position = end + 1
    return Sequence(tuple(parts))


def _end_of_class(glob: str, begin: int) -> int:
    """Find the bracket that closes a class, or give -1; a first bracket is a member."""
    first = begin + glob.startswith("!", begin)
    return glob.find("]", first + 1)


def _glob_class(text: str) -> Characters:
    negated = text.startswith("!")
    members = text.removeprefix("!")
    singles = set()
    ranges = []
    position = 0
    while position < len(members):
        dashed = members[position + 1 : position + 2] == "-"
        if dashed and position + 2 < len(members):
            ranges.append((members[position], members[position + 2]))
            position += 3
        else:
            singles.add(members[position])
            position += 1
    return Characters(frozenset(singles), tuple(ranges), negated=negated)


def read_regex(regex: str) -> tuple[list[Node], Node]:
    """Parse a regular expression.

    Returns:
        The expressions of the lookaheads at the beginning, which refuse a name, and the
        expression behind them.

    Raises:
        PatternError: It is none, or has a form that is not matched.
    """
    return _Parser(regex).parse()


class _Parser:
    """Reads a regular expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0

    def parse(self) -> tuple[list[Node], Node]:
        """Parse the lookaheads at the beginning, and the expression behind them."""
        refused = []
        while self._take("(?!"):
            refused.append(self._choice())
            self._close()
        wanted = self._choice()
        if self._position < len(self._text):
            raise PatternError(f"unbalanced ')' at position {self._position + 1}")
        if refused and isinstance(wanted, Choice):
            raise PatternError(
                "'(?!...)' needs a group behind it: put the alternatives into (?:...)"
            )
        return refused, wanted

    def _take(self, word: str) -> bool:
        if not self._text.startswith(word, self._position):
            return False
        self._position += len(word)
        return True

    def _next(self) -> str:
        """Take one character, or none at the end."""
        character = self._text[self._position : self._position + 1]
        self._position += 1
        return character

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
        while self._position < len(self._text) and self._text[self._position] not in "|)":
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
            raise PatternError(f"nothing to repeat at position {self._position}")
        if character == "{":
            self._position -= 1
            if self._counts() is not None:
                raise PatternError(
                    f"nothing to repeat before position {self._position + 1}"
                )
            self._position += 1
        return _single(character)

    def _group(self) -> Node:
        if self._take("?") and not self._take(":"):
            name = self._name()
            if not name:
                form = shown(self._text[self._position :][:2])
                raise PatternError(f"'(?{form}' is not supported")
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise PatternError(f"its groups are nested more than {_MOST_NESTED} deep")
        inner = self._choice()
        self._close()
        self._depth -= 1
        return Sequence((inner,))

    def _name(self) -> str:
        """Take the name of a group, which has no meaning here; empty if it has none."""
        if not self._text.startswith("P<", self._position):
            return ""
        name, end, _ = self._text[self._position + 2 :].partition(">")
        if not end or not name.isidentifier():
            return ""
        self._position += len(name) + 3
        return name

    def _escape(self) -> Node:
        letter = self._next()
        if letter in _EDGES and letter:
            return Edge(letter)
        return self._class_or_single(letter)

    def _class_or_single(self, letter: str) -> Characters:
        """Read the letter after a backslash, in a class or outside of one."""
        if letter in _CLASSES:
            return Characters(classes=letter)
        if letter in _ESCAPED:
            return _single(_ESCAPED[letter])
        if not letter:
            raise PatternError("it ends in a backslash")
        if letter.isascii() and letter.isalnum():
            raise PatternError(f"'\\{letter}' is not supported")
        return _single(letter)

    def _class(self) -> Node:
        begun = self._position
        negated = self._take("^")
        first = self._position
        singles: set[str] = set()
        ranges = []
        classes = ""
        while not (self._position > first and self._take("]")):
            if self._text.startswith("[:", self._position):
                raise PatternError("classes like [[:alpha:]] are not supported")
            low = self._member(begun)
            dashed = self._text.startswith("-", self._position)
            if not dashed or self._text.startswith("-]", self._position):
                singles |= low.singles
                classes += low.classes
                continue
            self._position += 1
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
            raise PatternError(f"nothing to repeat before position {self._position + 1}")
        self._take("?")  # a lazy repeat matches the same whole names
        if (
            self._text[self._position : self._position + 1] == "+"
            or self._counts() is not None
        ):
            raise PatternError(f"multiple repeat before position {self._position + 1}")
        return Repeat(part, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        """Take the number of repeats of the part before; None where there is none."""
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return counts
        inner, end, _ = self._text[self._position + 1 :].partition("}")
        least, comma, most = inner.partition(",")
        digits = least + most
        # Other braces are plain characters, as in Python.
        if not (self._text.startswith("{", self._position) and end and inner) or not (
            not digits or (digits.isascii() and digits.isdigit())
        ):
            return None
        self._position += len(inner) + 2
        low = _count(least or "0")
        if not comma:
            return low, low
        high = _count(most) if most else None
        if high is not None and high < low:
            raise PatternError(f"in '{{{inner}}}' the second number is below the first")
        return low, high


def _count(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(_MOST_REPEATS)) or int(digits) > _MOST_REPEATS:
        raise PatternError(f"it repeats a part more than {_MOST_REPEATS} times")
    return int(digits)
