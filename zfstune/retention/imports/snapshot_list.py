"""Read a pipeline that lists snapshots and leaves out the newest ones, which stay.

The options are those of zfs-list(8), and of head(1), tail(1), tac(1) and grep(1) in GNU
coreutils and grep.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.line_search import Search, unknown_tree
from zfstune.retention.imports.reading import NotKeptError, dataset_named
from zfstune.values.frozen import frozen
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
    """The snapshots that a pipeline lists, and how many it leaves out.

    Attributes:
        dataset: The one dataset of which it lists snapshots.
        scope: A regular expression for whole names of snapshots; empty: all of them.
        words: The search that the scope comes from, to tell two scopes apart.
        keep: The number of newest snapshots that it leaves out, so that they stay.
        by_clock: Whether it sorts by time of creation, not by the order of taking.
    """

    dataset: str
    scope: str
    words: Search | None
    keep: int
    by_clock: bool


class _List:
    """``zfs list`` with its arguments, and the effect of later stages on its lines."""

    def __init__(self, words: Sequence[str]) -> None:
        self.names: list[str] = []
        self.depth: int | None = None
        self.keep: int | None = None
        self.searches: list[Search] = []
        options = dict(_options(words, flags="Hpr", with_value="dosSt", rest=self.names))
        if "H" not in options:
            raise NotKeptError("without -H, zfs list prints a header line, too")
        if options.get("o") != "name":
            raise NotKeptError("zfs list prints more than names; -o name is missing")
        if options.get("t") not in ("snapshot", "snap"):
            raise NotKeptError(
                "zfs list prints more than snapshots; -t snapshot is missing"
            )
        if "r" in options:
            self.depth = _ALL_SNAPSHOTS
        if "d" in options:
            self.depth = _whole(options["d"], "-d")
        self._sort(options)

    def _sort(self, options: dict[str, str]) -> None:
        if "s" in options and "S" in options:
            raise NotKeptError("zfs list sorts in two ways")
        column = options.get("s") or options.get("S")
        if column and column not in _ORDERS:
            raise NotKeptError(f"it sorts by '{shown(column)}', not by age")
        self.newest_first = "S" in options
        self.by_clock = column == _BY_CLOCK

    def stage(self, words: Sequence[str]) -> None:
        """Apply one stage, which lets some of the lines through."""
        name, rest = words[0], words[1:]
        if name in ("head", "tail"):
            self._cut(name, rest)
        elif name == "tac" and not rest:
            self.newest_first = not self.newest_first
        elif name == "grep" and self.keep is None:
            self.searches.append(Search.parse(rest))
        elif name == "grep":
            raise NotKeptError("grep comes after the lines were counted")
        elif name == "sort":
            raise NotKeptError("it sorts by name, not by age")
        else:
            raise NotKeptError(f"'{shown(' '.join(words))}' is not supported in that place")

    def _cut(self, name: str, words: Sequence[str]) -> None:
        rest: list[str] = []
        options = dict(_options(words, flags="", with_value="n", rest=rest, long="lines"))
        count = options.get("n", "")
        if rest or not count or self.keep is not None:
            raise NotKeptError(f"'{name} {shown(' '.join(words))}' is not supported")
        sign, number = count[:1], count[1:]
        if (name, sign) not in (("head", "-"), ("tail", "+")):
            raise NotKeptError(f"'{name} -n {shown(count)}' does not say how many stay")
        lines = _whole(number, f"{name} -n")
        if (name == "head") == self.newest_first:
            raise NotKeptError("the oldest snapshots stay, and the newest go")
        self.keep = lines if name == "head" else max(lines - 1, 0)
        if not self.keep:
            raise NotKeptError("no snapshot stays")

    def dataset(self, datasets: Collection[str] | None) -> str:
        """Find the one dataset whose lines are let through."""
        if len(self.names) > 1:
            raise NotKeptError(
                f"it counts the snapshots of {len(self.names)} datasets together"
            )
        chosen = {each.dataset(self.names, datasets) for each in self.searches} - {""}
        if len(chosen) > 1:
            raise NotKeptError("its greps search for different datasets")
        if chosen:
            [name] = chosen
            return name
        if not self.names:
            raise NotKeptError(
                "it names no dataset, so it counts the snapshots of all pools together"
            )
        [name] = self.names
        if self.depth in (None, 1):
            return name
        if datasets is None:
            raise unknown_tree()
        if self.depth == 0 or any(each.startswith(f"{name}/") for each in datasets):
            raise NotKeptError(
                "it counts the snapshots of a dataset and of those below it together"
            )
        return name


def read_listing(
    stages: Sequence[Sequence[str]], datasets: Collection[str] | None
) -> Listed:
    """Read the stages of a pipeline that prints the snapshots to destroy.

    Args:
        stages: The words of each stage; the first is ``zfs list``.
        datasets: The existing datasets; None if they are not known.

    Raises:
        NotKeptError: No policy keeps just the snapshots that it leaves out.
    """
    first = stages[0]
    if len(first) < 2 or first[0] != "zfs" or first[1] != "list":  # noqa: PLR2004
        raise NotKeptError("it does not begin with zfs list")
    lines = _List(first[2:])
    for stage in stages[1:]:
        lines.stage(stage)
    if lines.keep is None:
        raise NotKeptError("no `head -n -N` says how many snapshots stay")
    name = dataset_named(lines.dataset(datasets))
    narrow = [search for search in lines.searches if search.scope(name)]
    if len({search.scope(name) for search in narrow}) > 1:
        raise NotKeptError("a policy cannot combine two greps in one scope")
    words = narrow[0] if narrow else None
    scope = words.scope(name) if words else ""
    return Listed(name, scope, words, lines.keep, lines.by_clock)


def _whole(text: str, option: str) -> int:
    if not _COUNT.fullmatch(text):
        raise NotKeptError(f"{option} takes a number, not '{shown(text)}'")
    return int(text)


def _options(
    words: Sequence[str], *, flags: str, with_value: str, rest: list[str], long: str = ""
) -> list[tuple[str, str]]:
    """Read options as getopt(3) does.

    Args:
        words: The arguments.
        flags: Letters of options without a value.
        with_value: Letters of options with a value.
        rest: Receives the arguments that are no options.
        long: The long name of the one option with a value.
    """
    options: list[tuple[str, str]] = []
    left = list(words)[::-1]
    while left:
        word = left.pop()
        if word == "--":
            rest += left[::-1]
            break
        if long and word.startswith(f"--{long}="):
            options.append((with_value, word.partition("=")[2]))
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
                options.append((letter, letters or left.pop()))
                break
            if letter not in flags:
                raise NotKeptError(f"the option '{shown(word)}' is not known")
            options.append((letter, ""))
    given = [letter for letter, _ in options]
    twice = [letter for letter in with_value if given.count(letter) > 1]
    if twice:
        raise NotKeptError(f"-{twice[0]} is given twice")
    return options
