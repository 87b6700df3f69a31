"""grep over a list of snapshots' names, as an expression for what stands behind the @."""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import LeftOut, NotKeptError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["Search", "unknown_tree"]

_SAFE = r"[\w /:,%=@-]"
# Of a basic expression: what means a letter, and what means the same to Python. An
# extended one may have signs that are letters here, and is refused with those.
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
    """What grep seeks in each line.

    Attributes:
        shape: The pattern, for messages.
        begins: It must stand at the line's begin.
        ends: It must stand at the line's end.
        pieces: Expressions of Python, a piece each, and whether it is just a letter.
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
            for at, letter in enumerate(word[1:], 2):
                if letter == "e":
                    patterns += [word[at:]] if word[at:] else left[-1:]
                    left = left if word[at:] else left[:-1]
                    break
                if letter not in "FEG":
                    raise NotKeptError(f"grep's option '{shown(word)}' is not known")
                fixed, extended = letter == "F", letter == "E"
        if len(patterns) != 1 or not patterns[0]:
            raise NotKeptError("grep seeks not one thing")
        return cls._read(patterns[0], fixed=fixed, extended=extended)

    @classmethod
    def _read(cls, pattern: str, *, fixed: bool, extended: bool) -> Search:
        if not pattern.isascii() or not pattern.isprintable():
            raise NotKeptError(f"'{shown(pattern)}' is in no snapshot's name")
        if fixed:
            if not _NAME.fullmatch(pattern):
                raise NotKeptError(f"'{shown(pattern)}' is in no snapshot's name")
            letters = tuple((re.escape(letter), True) for letter in pattern)
            return cls(pattern, begins=False, ends=False, pieces=letters)
        begins = pattern.startswith("^")
        ends = pattern.endswith("$") and not pattern.endswith("\\$")
        inner = pattern[begins : len(pattern) - ends]
        pieces: list[tuple[str, bool]] = []
        at = 0
        while at < len(inner):
            found = _PIECE.match(inner, at)
            if found is None:
                if inner[at] not in _OTHER_SIGNS or extended:
                    raise NotKeptError(
                        f"'{shown(pattern)}' means more to grep than is read"
                    )
                pieces.append((re.escape(inner[at]), True))  # a letter to a basic one
                at += 1
                continue
            at = found.end()
            if found["many"]:
                if not pieces or pieces[-1][0].endswith("*"):
                    raise NotKeptError(f"'{shown(pattern)}': its star repeats nothing")
                pieces[-1] = pieces[-1][0] + "*", False
            elif found["letter"]:
                pieces.append((re.escape(found[0][-1]), True))
            else:
                pieces.append((found[0], False))
        return cls(pattern, begins, ends, tuple(pieces))

    def _parts(self) -> tuple[str | None, tuple[tuple[str, bool], ...]]:
        """Give the text before the @ and the pieces behind it; None: there is no @."""
        at = next((n for n, piece in enumerate(self.pieces) if piece == ("@", True)), None)
        if at is None:
            return None, self.pieces
        before = self.pieces[:at]
        if not all(plain for _, plain in before):
            raise NotKeptError(f"'{shown(self.shape)}' may find more than one dataset")
        return _text(before), self.pieces[at + 1 :]

    def dataset(self, named: Sequence[str], datasets: Collection[str] | None) -> str:
        """Give the dataset of which alone it finds snapshots; empty: it is not said."""
        before, _ = self._parts()
        if before is None:
            return ""
        if self.begins:
            return before
        if len(named) == 1:
            return named[0] if named[0].endswith(before) else ""
        if datasets is None:
            raise unknown_tree()
        found = [name for name in datasets if name.endswith(before)]
        if len(found) != 1:
            raise NotKeptError(f"'{shown(self.shape)}' finds {len(found)} datasets")
        return found[0]

    def scope(self, dataset: str) -> str:
        """Give the expression for what stands behind the @; empty: it finds all of them."""
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
            raise NotKeptError(f"'{shown(self.shape)}' is sought before the @, too")
        if leading in dataset:  # it may be found there, and then in each line
            raise NotKeptError(
                f"grep finds '{shown(leading)}' in the dataset's name, so in each line"
            )
        return f".*{body}{end}"

    def apart(self, other: Search) -> bool | None:
        """Tell whether two never find the same name; None: only if it holds both words.

        Both are for one dataset.
        """
        mine, theirs = self._word(), other._word()
        if mine is None or theirs is None:
            return False
        (begin, word), (other_begin, other_word) = mine, theirs
        if begin and other_begin:
            return not (word.startswith(other_word) or other_word.startswith(word))
        return None if word not in other_word and other_word not in word else False

    def _word(self) -> tuple[bool, str] | None:
        before, pieces = self._parts()
        if not pieces or not all(plain for _, plain in pieces):
            return None
        return before is not None, _text(pieces)


def unknown_tree() -> NotKeptError:
    """Give the error for what only the real datasets decide."""
    left_out = LeftOut.unknown_tree("")
    return NotKeptError(left_out.reason, left_out.hint)


def _leading(pieces: Sequence[tuple[str, bool]]) -> int:
    """Count the letters that any match begins with."""
    return next((at for at, (_, plain) in enumerate(pieces) if not plain), len(pieces))


def _text(pieces: Sequence[tuple[str, bool]]) -> str:
    return "".join(re.sub(r"\\(.)", r"\1", expression) for expression, _ in pieces)
