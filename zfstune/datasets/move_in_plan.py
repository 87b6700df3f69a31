"""Decide whether a directory can move into a new dataset, and how far a move has come."""

from __future__ import annotations

import json

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.size import format_size
from zfstune.values.text import and_list, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.values.state import Dataset, PoolInfo

__all__ = [
    "COPYING",
    "SWAPPING",
    "MoveFacts",
    "MovePlan",
    "Moving",
    "check_users",
    "moving_on",
    "plan_move",
    "read_moving",
    "refuse_move",
]

COPYING = "copying"  # the directory is whole and in its place
SWAPPING = "swapping"  # the copy is good; one of the two has the directory's name
_STEPS = (COPYING, SWAPPING)
_ASIDE = ".before-zfs"
_MOST_NAMES = 3


@frozen
class Moving:
    """The note on a dataset that a directory is moving into.

    Attributes:
        source: The directory.
        aside: The name that the directory gets once the dataset takes its place.
        step: :data:`COPYING` or :data:`SWAPPING`.
        state: The directory's state when it was copied, as a digest.
    """

    source: str
    aside: str
    step: str
    state: str = ""

    def to_text(self) -> str:
        """Write the note as the value of a user property."""
        fields = {
            "from": self.source,
            "aside": self.aside,
            "step": self.step,
            "state": self.state,
        }
        return json.dumps(fields)


def read_moving(text: str) -> Moving | None:
    """Read such a note; None: it is none that zfstune wrote."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    known = {name: value for name, value in fields.items() if isinstance(value, str)}
    if known.get("step") not in _STEPS or not {"from", "aside", "state"} <= known.keys():
        return None
    return Moving(known["from"], known["aside"], known["step"], known["state"])


@frozen
class MoveFacts:
    """What was found at a directory.

    Attributes:
        path: Its path, without links.
        is_mount: Whether something is mounted on it.
        mounts: The paths below it where something is mounted.
        files: How many files are in it.
        size_bytes: Their length.
        space_bytes: The space that their data takes.
        linked: Files that have names outside of it, too.
        users: The processes that use something in it, and their programs.
        taken: Names beside it that something has already.
        state: Its state, as a digest.
    """

    path: str
    is_mount: bool
    mounts: tuple[str, ...]
    files: int
    size_bytes: int
    space_bytes: int
    linked: tuple[str, ...]
    users: Mapping[int, str]
    taken: frozenset[str]
    state: str


@frozen
class MovePlan:
    """A move of a directory into a new dataset.

    Attributes:
        dataset: The dataset.
        source: The directory, where the dataset is mounted in the end.
        temporary: Where the dataset is mounted while it is filled.
        aside: The name that the directory has in the end.
        mountpoint: The value of ``mountpoint`` in the end; in a pool with an alternate
            root it lacks that.
        files: How many files move.
        size_bytes: Their length.
        cautions: What the reader should know.
    """

    dataset: str
    source: str
    temporary: str
    aside: str
    mountpoint: str
    files: int
    size_bytes: int
    cautions: tuple[str, ...] = ()

    @property
    def first_mountpoint(self) -> str:
        """The value of ``mountpoint`` while the dataset is filled."""
        return self.mountpoint.rpartition("/")[0] + "/" + self.temporary.rpartition("/")[2]

    def lines(self) -> Iterator[str]:
        """Yield the plan for people."""
        size = format_size(self.size_bytes, exact=False)
        files = "1 file" if self.files == 1 else f"{self.files} files"
        yield f"move {shown(self.source)} into {self.dataset}: {files}, {size}"
        yield f"  1. create {self.dataset}, mounted at {shown(self.temporary)}"
        yield "  2. copy all of it there, and compare every byte"
        yield f"  3. rename {shown(self.source)} to {shown(self.aside)}, which stays"
        yield f"  4. mount {self.dataset} at {shown(self.source)}"
        for caution in self.cautions:
            yield f"caution: {shown(caution)}"

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "dataset": self.dataset,
            "from": self.source,
            "temporary": self.temporary,
            "aside": self.aside,
            "files": self.files,
            "size_bytes": self.size_bytes,
            "cautions": list(self.cautions),
        }


def plan_move(
    facts: MoveFacts, dataset: str, pool: PoolInfo, available_bytes: int
) -> MovePlan:
    """Plan a move.

    Args:
        facts: What was found at the directory.
        dataset: The dataset that is to be made.
        pool: Its pool.
        available_bytes: The space that the dataset above it has left.

    Raises:
        PlanError: The directory cannot move as things are.
    """
    path = facts.path
    if facts.is_mount:
        raise refuse_move(
            path,
            "a filesystem is mounted there",
            "if it is one of ZFS, put the profile on it: --at its name, without --move-in",
        )
    if facts.mounts:
        raise refuse_move(
            path,
            f"something is mounted below it: {_some(facts.mounts)}",
            "unmount it, or move that directory first",
        )
    check_users(path, facts.users)
    if facts.space_bytes > available_bytes:
        size, left = (
            format_size(number, exact=False)
            for number in (facts.space_bytes, available_bytes)
        )
        raise refuse_move(path, f"it takes {size}, and {left} are left for '{dataset}'")
    altroot = pool.altroot.rstrip("/") if pool.altroot not in ("", "-") else ""
    if altroot and not path.startswith(f"{altroot}/"):
        raise refuse_move(path, f"pool '{pool.name}' mounts below {altroot} alone")
    cautions = []
    if facts.linked:
        cautions.append(
            f"files with names outside of it, which stay with the old files: "
            f"{_some(facts.linked)}"
        )
    above, _, name = path.rpartition("/")
    return MovePlan(
        dataset,
        path,
        f"{above}/.zfstune-moving-{name}",
        _free(path, facts.taken),
        path.removeprefix(altroot),
        facts.files,
        facts.size_bytes,
        tuple(cautions),
    )


def check_users(path: str, users: Mapping[int, str]) -> None:
    """Refuse a directory that processes use.

    Raises:
        PlanError: Somebody uses it.
    """
    if users:
        who = [f"{program or 'a process'} ({pid})" for pid, program in users.items()]
        raise refuse_move(
            path, f"it is in use by {_some(who)}", "stop the programs that use it"
        )


def moving_on(dataset: Dataset, property_name: str, source: str) -> Moving:
    """Return the note of the move that a dataset was made for.

    Raises:
        PlanError: The dataset is no such one, or it is one of another directory.
    """
    text = dataset.local(property_name)
    moving = read_moving(text) if text else None
    if moving is None:
        raise refuse_move(
            source,
            f"'{dataset.name}' exists already",
            "name a dataset that does not exist; without --move-in, the profile is put on "
            "one that does",
        )
    if moving.source != source:
        raise refuse_move(
            source,
            f"'{dataset.name}' is being filled from '{shown(moving.source)}'",
            f"finish that: --move-in {for_shell(moving.source)}",
        )
    return moving


def refuse_move(path: str, reason: str, hint: str = "") -> PlanError:
    """Return the error for a directory that cannot move."""
    return PlanError(f"cannot move '{shown(path)}' into a dataset: {reason}", hint=hint)


def _free(path: str, taken: frozenset[str]) -> str:
    """Return a path for the old directory whose name nothing has."""
    name = path.rpartition("/")[2] + _ASIDE
    number = 1
    while (name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    above = path.rpartition("/")[0]
    return f"{above}/{name}" if number == 1 else f"{above}/{name}-{number}"


def _some(names: tuple[str, ...] | list[str]) -> str:
    first = [shown(name) for name in names[:_MOST_NAMES]]
    left = len(names) - len(first)
    return and_list([*first, f"{left} more"] if left else first)
