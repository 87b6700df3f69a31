"""A pipeline that lists snapshots, and leaves out the newest, as what stays of them."""

from __future__ import annotations

import re

from zfstune.retention.imports.line_search import Search, unknown_tree
from zfstune.retention.imports.reading import NotKeptError
from zfstune.values.errors import InvalidName
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["Listed", "read_listing"]

_ALL_SNAPSHOTS = -1  # as deep as the tree is
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_BY_CLOCK = "creation"
_ORDERS = frozenset((_BY_CLOCK, "createtxg"))


@frozen
class Listed:
    """What a pipeline leaves out, and so what stays.

    Attributes:
        dataset: The one dataset of which it lists snapshots.
        scope: An expression for the whole of a snapshot's name; empty: all of them.
        words: What a name in scope has to hold; to tell two scopes apart.
        keep: How many of the newest stay.
        by_clock: The order is by time of creation, and not as they were taken.
    """

    dataset: str
    scope: str
    words: Search | None
    keep: int
    by_clock: bool


class _List:
    """``zfs list`` with its arguments, and what later stages do to its lines."""

    def __init__(self, words: Sequence[str]) -> None:
        self.names: list[str] = []
        self.depth: int | None = None
        self.newest_first = False
        self.by_clock = False
        self.keep: int | None = None
        self.searches: list[Search] = []
        options = dict(_options(words, flags="Hpr", with_value="dosSt", rest=self.names))
        if "H" not in options:
            raise NotKeptError("without -H, zfs list prints a head line, too")
        if options.get("o") != "name":
            raise NotKeptError("zfs list prints more than names; -o name is missing")
        if options.get("t") not in ("snapshot", "snap"):
            raise NotKeptError("zfs list lists not snapshots alone; -t snapshot is missing")
        if "r" in options:
            self.depth = _ALL_SNAPSHOTS
        if "d" in options:
            self.depth = _whole(options["d"], "-d")
        self._sort(options)

    def _sort(self, options: dict[str, str]) -> None:
        if "s" in options and "S" in options:
            raise NotKeptError("it is sorted in two ways")
        column = options.get("s", options.get("S", ""))
        if column and column not in _ORDERS:
            raise NotKeptError(f"it goes by the order of '{shown(column)}', not by age")
        self.newest_first = "S" in options
        self.by_clock = column == _BY_CLOCK

    def stage(self, words: Sequence[str]) -> None:
        """Take in one stage that lets some of the lines through."""
        name, rest = words[0], words[1:]
        if name in ("head", "tail"):
            self._cut(name, rest)
        elif name == "tac" and not rest:
            self.newest_first = not self.newest_first
        elif name == "grep" and self.keep is None:
            self.searches.append(Search.parse(rest))
        elif name == "grep":
            raise NotKeptError("grep comes after the newest were counted")
        elif name == "sort":
            raise NotKeptError("it goes by the order of names, not by age")
        else:
            raise NotKeptError(f"'{shown(' '.join(words))}' is not known, or not there")

    def _cut(self, name: str, words: Sequence[str]) -> None:
        rest: list[str] = []
        options = dict(_options(words, flags="", with_value="n", rest=rest, long="lines"))
        count = options.get("n", "")
        if rest or not count or self.keep is not None:
            raise NotKeptError(f"'{name} {shown(' '.join(words))}' is not known here")
        sign, number = count[:1], count[1:]
        if (name, sign) not in (("head", "-"), ("tail", "+")):
            raise NotKeptError(f"'{name} -n {shown(count)}' says not how many stay")
        lines = _whole(number, f"{name} -n")
        if (name == "head") == self.newest_first:
            raise NotKeptError("it is the oldest that stay, and the newest go")
        self.keep = lines if name == "head" else max(lines - 1, 0)
        if not self.keep:
            raise NotKeptError("none of them stays")

    def dataset(self, datasets: Collection[str] | None) -> str:
        """Give the one dataset of which lines are let through."""
        if len(self.names) > 1:
            raise NotKeptError(f"it counts over {len(self.names)} datasets at once")
        chosen = {s.dataset(self.names, datasets) for s in self.searches} - {""}
        if len(chosen) > 1:
            raise NotKeptError("its greps seek different datasets")
        if chosen:
            [name] = chosen
            return name
        if not self.names:
            raise NotKeptError("no dataset is named: it counts over all of the machine")
        [name] = self.names
        if self.depth in (None, 1):
            return name
        if datasets is None:
            raise unknown_tree()
        if self.depth == 0 or any(each.startswith(f"{name}/") for each in datasets):
            raise NotKeptError("it counts over a dataset and those below it at once")
        return name


def read_listing(
    stages: Sequence[Sequence[str]], datasets: Collection[str] | None
) -> Listed:
    """Read the stages of a pipeline that print the snapshots which are to go.

    Args:
        stages: The words of each; the first one is ``zfs list``.
        datasets: The datasets that are there; None: nobody knows.

    Raises:
        NotKeptError: No policy keeps what it leaves out.
    """
    first = stages[0]
    if len(first) < 2 or first[0] != "zfs" or first[1] != "list":  # noqa: PLR2004
        raise NotKeptError("it does not begin with zfs list")
    lines = _List(first[2:])
    for words in stages[1:]:
        lines.stage(words)
    if lines.keep is None:
        raise NotKeptError("no `head -n -N` says what stays")
    name = lines.dataset(datasets)
    try:
        check_dataset(name)
    except InvalidName as error:
        raise NotKeptError(error.message) from None
    narrow = [s for s in lines.searches if s.scope(name)]
    if len({s.scope(name) for s in narrow}) > 1:
        raise NotKeptError("two greps at once are no scope of a policy")
    words_of = narrow[0] if narrow else None
    scope = words_of.scope(name) if words_of else ""
    return Listed(name, scope, words_of, lines.keep, lines.by_clock)


def _whole(text: str, option: str) -> int:
    if not _COUNT.fullmatch(text):
        raise NotKeptError(f"{option} takes a number, not '{shown(text)}'")
    return int(text)


def _options(
    words: Sequence[str], *, flags: str, with_value: str, rest: list[str], long: str = ""
) -> list[tuple[str, str]]:
    """Read options as getopt does; what is none goes to `rest`.

    Args:
        words: The arguments.
        flags: Letters of options without a value.
        with_value: Letters of those with one.
        rest: Gets what is no option.
        long: What the one option with a value is called with two dashes.
    """
    found: list[tuple[str, str]] = []
    left = list(words)[::-1]
    while left:
        word = left.pop()
        if word == "--":
            rest += left[::-1]
            break
        if long and word.startswith(f"--{long}="):
            found.append((with_value, word.partition("=")[2]))
            continue
        if word[:1] != "-" or word == "-":
            rest.append(word)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in with_value:
                if not letters and not left:
                    raise NotKeptError(f"-{letter} lacks its value")
                found.append((letter, letters or left.pop()))
                break
            if letter not in flags:
                raise NotKeptError(f"the option '{shown(word)}' is not known")
            found.append((letter, ""))
    twice = [letter for letter in with_value if [o for o, _ in found].count(letter) > 1]
    if twice:
        raise NotKeptError(f"-{twice[0]} stands there twice")
    return found
