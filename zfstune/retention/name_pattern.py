r"""Globs and regular expressions for snapshots' names, matched in bounded time.

A policy is stored on a dataset, so any user who may set the dataset's properties writes
the expression that root's prune then matches. Python's own :mod:`re` tries one way after
another and needs ages for ``(a|a)+$``. Here an expression becomes a set of states that
are followed all at once (Thompson's construction), and each set that was met is
remembered, so that the time grows with the length of a name and no faster. The total
cost is limited, too: the expressions of one policy share a :class:`Budget`, and to
exceed it is an error.

Regular expressions have Python's syntax and meaning, as far as they can be matched this
way: characters, ``.``, classes, ``\d \D \w \W \s \S``, groups, ``|``, ``*``,
``+``, ``?``, ``{m,n}`` and their lazy forms, ``^ $ \A \Z \b \B``, and at the very
beginning ``(?!...)``. A dot matches any character, and ``$`` only the end. All other
forms are refused by name. Globs are those of :mod:`fnmatch`, and case counts.
"""

from __future__ import annotations

from zfstune.retention.pattern_text import (
    ANYTHING,
    Characters,
    Choice,
    Edge,
    PatternError,
    Repeat,
    Sequence,
    is_word,
    read_glob,
    read_regex,
)
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.retention.pattern_text import Node

__all__ = [
    "MOST_STEPS",
    "Budget",
    "PatternError",
    "check_glob",
    "check_regex",
    "glob_matcher",
    "regex_matcher",
]

_MOST_STATES = 2000
# Few expressions of real policies take more than some thousand steps. A step takes some
# 60 bytes of memory.
MOST_STEPS = 200_000


class Budget:
    """The steps that all expressions of one policy together may take.

    A step is a state that is built, or that is reached with a character. Steps are
    never given back, but a name that only leads to known sets of states costs none.

    Attributes:
        spent: The number of steps that were taken so far.
    """

    __slots__ = ("spent",)

    def __init__(self) -> None:
        self.spent = 0

    def spend(self, steps: int) -> None:
        """Take steps from the budget before they are made.

        Raises:
            PatternError: So many are not left. From then on, none are.
        """
        if self.spent + steps > MOST_STEPS:
            self.spent = MOST_STEPS
            raise PatternError("the policy takes too many steps to match")
        self.spent += steps


def check_glob(glob: str) -> None:
    """Refuse a glob that cannot be matched, without building its states.

    Raises:
        PatternError: The glob is too long.
    """
    _check_size(read_glob(glob))


def check_regex(regex: str) -> None:
    """Refuse a text that is no regular expression, without building its states.

    Raises:
        PatternError: The text is none, has a form that is not matched here, or is too
            long.
    """
    refused, wanted = read_regex(regex)
    for node in (wanted, *map(_refusal, refused)):
        _check_size(node)


def glob_matcher(glob: str, budget: Budget | None = None) -> Callable[[str], bool]:
    """Return a test whether a glob matches the whole of a name.

    Args:
        glob: The glob.
        budget: The budget of its steps, and of its test's; default: one of its own.

    Raises:
        PatternError: The glob is too long, or too few steps are left; the test raises
            it as well.
    """
    return _Automaton(read_glob(glob), budget or Budget()).matches


def regex_matcher(regex: str, budget: Budget | None = None) -> Callable[[str], bool]:
    """Return a test whether a regular expression matches the whole of a name.

    Args:
        regex: The expression.
        budget: The budget of its steps, and of its test's; default: one of its own.

    Raises:
        PatternError: The text is none, has a form that is not matched here, or takes too
            many steps; for too many steps the test raises it as well.
    """
    budget = budget or Budget()
    refused, wanted = read_regex(regex)
    whole = _Automaton(wanted, budget).matches
    others = [_Automaton(_refusal(each), budget).matches for each in refused]
    if not others:
        return whole
    return lambda name: not any(other(name) for other in others) and whole(name)


@frozen
class _Place:
    """A place that the matching of a name has reached.

    Attributes:
        states: Numbers of the states that wait for the next character.
        before: The kind of the last character: ``w`` for a word's, ``o`` for another;
            empty at the start.
        on: The place behind each character that was met here.
        end: Whether a name may end here, as its only item; empty: not known yet.
    """

    states: frozenset[int]
    before: str
    on: dict[str, _Place]
    end: list[bool]


class _Automaton:
    """States of an expression, and the sets of them that names led to."""

    def __init__(self, node: Node, budget: Budget) -> None:
        _check_size(node)
        self._budget = budget
        budget.spend(_written_size(node))
        # For each state, the part that it matches, and the states behind it.
        self._takes: list[Characters | Edge | None] = [None]
        self._behind: list[list[int]] = [[]]  # 0 is the end
        self._places: dict[tuple[frozenset[int], str], _Place] = {}
        self._start = self._place(frozenset({self._build(node, 0)}), "")

    def matches(self, name: str) -> bool:
        """Tell whether the whole of a name matches."""
        place = self._start
        for character in name:
            following = place.on.get(character)
            if following is None:
                following = place.on[character] = self._follow(place, character)
            place = following
            if not place.states:
                return False
        if not place.end:
            place.end.append(0 in self._reached(place, ""))
        return place.end[0]

    def _build(self, node: Node, behind: int) -> int:
        """Add the states of a part, before the state `behind`; give the first of them."""
        if isinstance(node, Sequence):
            for part in reversed(node.parts):
                behind = self._build(part, behind)
            return behind
        if isinstance(node, Choice):
            return self._add(None, [self._build(part, behind) for part in node.parts])
        if isinstance(node, Repeat):
            return self._repeat(node, behind)
        return self._add(node, [behind])

    def _repeat(self, node: Repeat, behind: int) -> int:
        if node.most is None:
            again = self._add(None, [behind])
            self._behind[again].append(self._build(node.part, again))
            first = again
        else:
            first = behind
            for _ in range(node.most - node.least):
                first = self._add(None, [behind, self._build(node.part, first)])
        for _ in range(node.least):
            first = self._build(node.part, first)
        return first

    def _add(self, takes: Characters | Edge | None, behind: list[int]) -> int:
        self._takes.append(takes)
        self._behind.append(behind)
        return len(self._takes) - 1

    def _place(self, states: frozenset[int], before: str) -> _Place:
        key = states, before
        if key not in self._places:
            self._places[key] = _Place(states, before, {}, [])
        return self._places[key]

    def _follow(self, place: _Place, character: str) -> _Place:
        states = set()
        for state in self._reached(place, character):
            takes = self._takes[state]
            if isinstance(takes, Characters) and takes.has(character):
                states.update(self._behind[state])
        return self._place(frozenset(states), "w" if is_word(character) else "o")

    def _reached(self, place: _Place, following: str) -> Iterable[int]:
        """Find the states that match the next character; at the end there is none."""
        seen = set(place.states)
        waiting = list(seen)
        while waiting:
            state = waiting.pop()
            takes = self._takes[state]
            if isinstance(takes, Characters) or (
                isinstance(takes, Edge) and not _holds(takes.kind, place.before, following)
            ):
                continue
            new = [behind for behind in self._behind[state] if behind not in seen]
            seen.update(new)
            waiting += new
        try:
            self._budget.spend(len(seen) + 1)
        except PatternError:
            self._places.clear()
            self._start.on.clear()
            raise
        return seen


def _refusal(node: Node) -> Node:
    """Make of a lookahead an expression for the whole names that it refuses."""
    return Sequence((node, ANYTHING))


def _check_size(node: Node) -> None:
    if _written_size(node) > _MOST_STATES:
        raise PatternError("it has too many parts once its repeats are written out")


def _written_size(node: Node) -> int:
    """Count the parts of an expression once its repeats are written out."""
    if isinstance(node, (Sequence, Choice)):
        return 1 + sum(map(_written_size, node.parts))
    if isinstance(node, Repeat):
        times = node.least + 1 if node.most is None else node.most
        return 1 + times * _written_size(node.part)
    return 1


def _holds(kind: str, before: str, following: str) -> bool:
    """Tell whether an edge matches the place between two characters."""
    if kind == "A":
        return not before
    if kind == "Z":
        return not following
    edge = (before == "w") is not (bool(following) and is_word(following))
    return edge is (kind == "b")
