"""Turn grep over a list of snapshots into an expression for names after the @.

The patterns are basic regular expressions as POSIX (XBD 9.3) and grep(1) define them.
The tests hold the expressions against grep itself.
"""

from __future__ import annotations

import re
from itertools import takewhile
from operator import itemgetter

from zfstune.retention.imports.reading import LeftOut, NotKeptError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["Search", "unknown_tree"]

_SAFE = r"[\w /:,%=@-]"
# The pieces of a basic expression that are read: letters, and constructs that mean the
# same in Python. An extended expression with a sign that is special only there is
# refused.
_PIECE = re.compile(
    rf"(?P<letter>{_SAFE}|\\[.\[\]*^$\\])"
    r"|(?P<more>\.|\[\^?(?:[0-9]-[0-9]|[\w.:])+\])"
    r"|(?P<many>\*)",
    re.ASCII,
)
_NAME = re.compile(r"[\w.:% @/-]+", re.ASCII)  # zfs_namecheck.c allows no other sign
_OTHER_SIGNS = frozenset("+?{}()|")


@frozen
class Search:
    """A pattern that grep seeks in each line.

    Attributes:
        shape: The pattern, for messages.
        begins: Whether it must stand at the beginning of a line.
        ends: Whether it must stand at the end of a line.
        pieces: The pattern in Python's notation, piece by piece, each with whether it is
            a plain letter.
    """

    shape: str
    begins: bool
    ends: bool
    pieces: tuple[tuple[str, bool], ...]

    @classmethod
    def parse(cls, words: Sequence[str]) -> Search:
        """Read grep's arguments."""
        fixed = extended = False
        patterns: list[str] = []
        left = list(words)[::-1]
        while left:
            word = left.pop()
            if word == "--":
                patterns += left[::-1]
                break
            if word[:1] != "-" or word == "-":
                patterns.append(word)
                continue
            for end, letter in enumerate(word[1:], 2):
                if letter == "e":
                    patterns += [word[end:]] if word[end:] else left[-1:]
                    left = left if word[end:] else left[:-1]
                    break
                if letter not in "FEG":
                    raise NotKeptError(f"grep's option '{shown(word)}' is not known")
                fixed, extended = letter == "F", letter == "E"
        if len(patterns) != 1 or not patterns[0]:
            raise NotKeptError("grep does not search for exactly one pattern")
        return cls._read(patterns[0], fixed=fixed, extended=extended)

    @classmethod
    def _read(cls, pattern: str, *, fixed: bool, extended: bool) -> Search:
        if not pattern.isascii() or not pattern.isprintable():
            raise NotKeptError(f"no snapshot's name can contain '{shown(pattern)}'")
        if fixed:
            if not _NAME.fullmatch(pattern):
                raise NotKeptError(f"no snapshot's name can contain '{shown(pattern)}'")
            letters = tuple((re.escape(letter), True) for letter in pattern)
            return cls(pattern, begins=False, ends=False, pieces=letters)
        begins = pattern.startswith("^")
        ends = pattern.endswith("$") and not pattern.endswith("\\$")
        inner = pattern[begins : len(pattern) - ends]
        pieces: list[tuple[str, bool]] = []
        position = 0
        while position < len(inner):
            match = _PIECE.match(inner, position)
            if match is None:
                if inner[position] not in _OTHER_SIGNS or extended:
                    raise NotKeptError(
                        f"grep may read '{shown(pattern)}' in a way that zfstune does not"
                    )
                # A basic expression takes this sign for a letter.
                pieces.append((re.escape(inner[position]), True))
                position += 1
                continue
            position = match.end()
            if match["many"]:
                if not pieces or pieces[-1][0].endswith("*"):
                    raise NotKeptError(f"the * in '{shown(pattern)}' has nothing to repeat")
                pieces[-1] = pieces[-1][0] + "*", False
            elif match["letter"]:
                pieces.append((re.escape(match[0][-1]), True))
            else:
                pieces.append((match[0], False))
        return cls(pattern, begins, ends, tuple(pieces))

    def _parts(self) -> tuple[str | None, tuple[tuple[str, bool], ...]]:
        """Return the text before the @, None if there is no @, and the pieces after it."""
        if ("@", True) not in self.pieces:
            return None, self.pieces
        sign = self.pieces.index(("@", True))
        before = self.pieces[:sign]
        if not all(plain for _, plain in before):
            raise NotKeptError(f"'{shown(self.shape)}' may match more than one dataset")
        return _text(before), self.pieces[sign + 1 :]

    def dataset(self, named: Sequence[str], datasets: Collection[str] | None) -> str:
        """Find the one dataset whose snapshots it finds; empty: the pattern names none."""
        before, _ = self._parts()
        if before is None:
            return ""
        if self.begins:
            return before
        if len(named) == 1:
            return named[0] if named[0].endswith(before) else ""
        if datasets is None:
            raise unknown_tree()
        names = [name for name in datasets if name.endswith(before)]
        if len(names) != 1:
            raise NotKeptError(f"'{shown(self.shape)}' matches {len(names)} datasets")
        return names[0]

    def scope(self, dataset: str) -> str:
        """Return the expression for names after the @; empty: it finds all of them."""
        before, pieces = self._parts()
        body = "".join(expression for expression, _ in pieces)
        end = "" if self.ends else ".*"
        if any(plain and expression == "/" for expression, plain in pieces):
            raise NotKeptError(f"grep never finds '{shown(self.shape)}' in a line")
        if before is not None:
            fits = dataset == before if self.begins else dataset.endswith(before)
            if not fits:
                raise NotKeptError(f"grep never finds '{shown(self.shape)}' in a line")
            return "" if not body and not self.ends else f"{body}{end}"
        leading = _text(pieces[: _leading(pieces)])
        if self.begins or not leading:
            raise NotKeptError(
                f"grep may find '{shown(self.shape)}' in the dataset's name, before the @"
            )
        if leading in dataset:  # the match may begin in the dataset's name
            raise NotKeptError(
                f"grep finds '{shown(leading)}' in the dataset's name, so in every line"
            )
        return f".*{body}{end}"

    def apart(self, other: Search) -> bool | None:
        """Tell whether two searches in one dataset never find the same name.

        Returns:
            None if only a name that holds the words of both is found by both.
        """
        own, others = self._word(), other._word()
        if own is None or others is None:
            return False
        (begins, word), (other_begins, other_word) = own, others
        if begins and other_begins:
            return not (word.startswith(other_word) or other_word.startswith(word))
        return None if word not in other_word and other_word not in word else False

    def _word(self) -> tuple[bool, str] | None:
        before, pieces = self._parts()
        if not pieces or not all(plain for _, plain in pieces):
            return None
        return before is not None, _text(pieces)


def unknown_tree() -> NotKeptError:
    """Make the error for a search that depends on datasets which are not known."""
    left_out = LeftOut.unknown_tree("")
    return NotKeptError(left_out.reason, left_out.hint)


def _leading(pieces: Sequence[tuple[str, bool]]) -> int:
    """Count the plain letters at the beginning."""
    return len(list(takewhile(itemgetter(1), pieces)))


def _text(pieces: Sequence[tuple[str, bool]]) -> str:
    return "".join(re.sub(r"\\(.)", r"\1", expression) for expression, _ in pieces)
