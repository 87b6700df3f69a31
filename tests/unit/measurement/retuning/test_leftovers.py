"""What a killed run left, settled: a model of names and inodes, killed at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from zfstune.measurement.retuning.found_file import FoundFile
from zfstune.measurement.retuning.leftovers import (
    KEEP,
    REMOVE,
    REVERT,
    SpareEntry,
    settle,
)
from zfstune.measurement.retuning.spare_name import SpareName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.measurement.retuning.found_file import Names
    from zfstune.measurement.retuning.leftovers import Settlement

ORIGINAL, COPY, FOREIGN = 10, 20, 30
SIZE, TIME = 1000, 5


class Model:
    """Names of a dataset and of the folder, each with an inode."""

    def __init__(self, names: int) -> None:
        self.placed: dict[Names, int] = {("folder", str(n)): ORIGINAL for n in range(names)}
        self.spare: dict[SpareName, int] = {}
        self.times = {ORIGINAL: TIME, COPY: TIME, FOREIGN: 7}

    def entry(self, number: int, *, old: bool = False) -> SpareName:
        """Give the name of an entry."""
        return SpareName(ORIGINAL, COPY, SIZE, TIME, number, old)

    def steps(self, *, at_once: bool) -> Iterator[str]:
        """Go through a run, one change of the disk at a time."""
        for number in range(len(self.placed)):
            yield "link"
            self.spare[self.entry(number)] = COPY
        for number, name in enumerate(list(self.placed)):
            entry, old = self.entry(number), self.entry(number, old=True)
            if at_once:
                yield "exchange"
                self.placed[name], self.spare[entry] = ORIGINAL + 10, ORIGINAL
                continue
            yield "link the original"
            self.spare[old] = self.placed[name]
            yield "rename the copy"
            self.placed[name] = self.spare.pop(entry)
            yield "rename the original"
            self.spare[entry] = self.spare.pop(old)
        for entry in list(self.spare):
            yield "drop"
            del self.spare[entry]

    def settlement(self) -> Settlement:
        """Decide as a run does that finds the folder."""
        everywhere = [*self.placed.values(), *self.spare.values()]
        entries = [
            SpareEntry(name, inode, SIZE, self.times[inode], everywhere.count(inode))
            for name, inode in self.spare.items()
        ]
        names = tuple(name for name, inode in self.placed.items() if inode == COPY)
        links = everywhere.count(COPY)
        copy = FoundFile(COPY, SIZE, 512, 512, links, self.times[COPY], 0, names)
        return settle(entries, copy if names else None)

    def carry_out(self, settlement: Settlement, stop_after: int) -> bool:
        """Carry it out as far as so many changes; tell whether that was all."""
        if settlement.action == KEEP:
            return True
        left = stop_after
        for name, entry in settlement.exchanges:
            if not left:
                return False
            left -= 1
            assert self.placed[name] == COPY
            assert self.spare[entry.name] == ORIGINAL
            self.placed[name], self.spare[entry.name] = ORIGINAL, COPY
        for entry in settlement.entries:
            if not left:
                return False
            left -= 1
            del self.spare[entry.name]
        return True


def killed(names: int, step: int, *, at_once: bool) -> Model:
    """Give the model as a run leaves it that is killed before a step."""
    model = Model(names)
    for number, _ in enumerate(model.steps(at_once=at_once)):
        if number == step:
            break
    return model


@given(
    names=st.integers(1, 4),
    step=st.integers(0, 24),
    again=st.lists(st.integers(0, 6), max_size=3),
    at_once=st.booleans(),
)
def test_killed_anywhere_and_again(
    names: int, step: int, again: list[int], *, at_once: bool
) -> None:
    """However often it is killed, all names lead to one file in the end, the same way."""
    model = killed(names, step, at_once=at_once)
    for changes in [*again, 100]:
        done = model.carry_out(model.settlement(), changes)
    assert done
    assert model.spare == {}
    assert len(set(model.placed.values())) == 1
    assert set(model.placed.values()) <= {ORIGINAL, COPY}


@given(
    names=st.integers(1, 3),
    step=st.integers(0, 20),
    written=st.sampled_from([ORIGINAL, COPY]),
    at_once=st.booleans(),
)
def test_what_was_written_since_is_never_removed(
    names: int, step: int, written: int, *, at_once: bool
) -> None:
    """A file that somebody wrote to since keeps a name in the dataset, or in the folder."""
    model = killed(names, step, at_once=at_once)
    had = written in {*model.placed.values(), *model.spare.values()}
    in_place = written in model.placed.values()
    if written == COPY and not in_place:  # nobody could have written to it
        return
    model.times[written] = TIME + 1
    model.carry_out(model.settlement(), 100)
    kept = {*model.placed.values(), *model.spare.values()}
    assert written in kept or not had


@given(names=st.integers(1, 3), step=st.integers(0, 20), at_once=st.booleans())
def test_a_foreign_file_is_kept(names: int, step: int, *, at_once: bool) -> None:
    """A file that was caught in an exchange is neither removed nor put anywhere."""
    model = killed(names, step, at_once=at_once)
    if not model.spare:
        return
    model.spare[next(iter(model.spare))] = FOREIGN
    assert model.settlement().action == KEEP


def test_each_action_is_taken() -> None:
    """The three outcomes of the table are reached."""
    actions = {killed(2, step, at_once=True).settlement().action for step in (1, 3, 4, 5)}
    assert actions == {REMOVE, REVERT}


def test_names_that_were_removed_since() -> None:
    """Where all names of original and copy are gone, a person has to look."""
    model = killed(2, 3, at_once=True)
    model.placed.clear()
    assert model.settlement().action == KEEP
