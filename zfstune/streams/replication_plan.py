"""The plan of a replication: each dataset's streams with their sizes, and its arrival."""

from __future__ import annotations

from hashlib import blake2b

from zfstune.streams.base import BookmarkChanges, settle_bookmarks
from zfstune.streams.ends import Replica
from zfstune.streams.refusals import WRITTEN
from zfstune.streams.steps import Abort, Move, Placeholder
from zfstune.values.errors import EngineError, PlanError
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.size import format_size
from zfstune.values.state import Snapshot
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from zfstune.streams.arrival import Arrival
    from zfstune.streams.ends import End
    from zfstune.streams.steps import (
        MadeInert,
        Omission,
        Orphan,
        PropertyChanges,
        Transfer,
    )

__all__ = [
    "Choices",
    "DatasetPlan",
    "Refused",
    "ReplicationPlan",
    "all_bookmarks",
    "check_room",
    "first_replica",
]

_ID_BYTES = 8
_NO_CHANGES = BookmarkChanges({}, ())


@frozen
class Choices:
    """The caller's choices for a replication; :func:`zfstune.replicate` explains them."""

    raw: bool | None
    every: bool
    properties: Mapping[str, str]
    without: Collection[str]
    keep_aside: bool
    lose: Collection[str]
    recursive: bool = False
    exclude: Collection[str] = ()
    snapshot: str | None = None
    take_properties: bool = False
    exclude_properties: Collection[str] = ()


@frozen
class DatasetPlan:
    """All that a replication does for one dataset.

    Attributes:
        source: The source as it is once `bookmarks` were changed.
        target: The target as it is before the first stream.
        transfer: The streams, in their order.
        step_bytes: The estimated bytes of each step's stream; 0 for a step without one.
        arrival: The properties of a target that does not exist yet; None: it exists, and
            keeps its own.
        changes: The properties that a target which exists takes from its source; None: it
            takes none.
        inert: The properties that a copy which exists lacks to be inert; None: it lacks
            none.
        bookmarks: Bookmarks on the source to make before the first stream, and those to
            drop then.
        placeholder: Whether the target becomes a placeholder, for want of a snapshot.
        aside: The name that the target is given first, so that a new one can be
            received; empty: it keeps its name.
        left_aside: Name of a dataset that an earlier run put aside for this target, which
            has yet to get the snapshots that both share; empty: there is none.
        returning: The datasets below the target, which go aside with it and get their
            names back after the last stream.
        losing: Full names of the target's snapshots that go with the first stream, and
            ``written`` for what was written since the newest one.
        needs: Names of the sources whose own plans have to be carried out before.
    """

    source: End
    target: End
    transfer: Transfer
    step_bytes: tuple[int, ...] = ()
    arrival: Arrival | None = None
    changes: PropertyChanges | None = None
    inert: MadeInert | None = None
    bookmarks: BookmarkChanges = _NO_CHANGES
    placeholder: bool = False
    aside: str = ""
    left_aside: str = ""
    returning: tuple[Move, ...] = ()
    losing: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether there is a stream to send, or anything else to do to the target."""
        changed = self.changes is not None and self.changes.pending
        done = self.transfer.up_to_date and not (self.placeholder or self.left_aside)
        return changed or self.inert is not None or not done

    @property
    def raw(self) -> bool:
        """Whether the target has the encryption of its source."""
        replica = self.target.replica
        same = self.target.encrypted if replica is None else replica.raw
        return self.source.encrypted and same

    @property
    def total_bytes(self) -> int:
        """The estimated bytes of all streams."""
        return sum(self.step_bytes)

    @property
    def new(self) -> bool:
        """Whether the target is made, at least under its name."""
        return self.pending and (bool(self.aside) or not self.target.snapshots)

    @property
    def makes(self) -> frozenset[str]:
        """Full names of the target's snapshots that arrive."""
        steps = [step for step in self.transfer.steps if not isinstance(step, Abort)]
        return frozenset(step.received for step in steps)

    @property
    def shares_aside(self) -> bool:
        """Whether the target begins as a clone of the one that goes or went aside."""
        if self.left_aside:
            return True
        steps = [step for step in self.transfer.steps if not isinstance(step, Abort)]
        return any(step.origin.startswith(f"{self.aside}@") for step in steps)

    @property
    def forced_over(self) -> tuple[str, ...] | None:
        """The snapshots that a forced first receive may destroy; None: it is not forced."""
        if self.target.placeholder:
            return ()
        names = tuple(name for name in self.losing if name != WRITTEN)
        return names if self.losing else None

    @property
    def in_flight(self) -> tuple[Snapshot, ...]:
        """The snapshots on the source that are sent, and those that they build on."""
        steps = [step for step in self.transfer.steps if not isinstance(step, Abort)]
        bases = [step.base for step in steps if isinstance(step.base, Snapshot)]
        return (*bases, *(step.snapshot for step in steps))

    def settled(self, arrived: Iterable[Snapshot]) -> BookmarkChanges:
        """Decide which bookmarks the source keeps once snapshots of the plan have arrived.

        Args:
            arrived: Snapshots of the source, in their order.
        """
        name = self.transfer.target
        received = tuple(replace(s, name=f"{name}@{s.short_name}") for s in arrived)
        snapshots = (*self.target.snapshots, *received)
        return settle_bookmarks(self.source, replace(self.target, snapshots=snapshots))

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        steps = zip(self.transfer.steps, self.step_bytes, strict=True)
        return self.transfer.to_dict() | {
            "steps": [{**step.to_dict(), "estimated_bytes": size} for step, size in steps],
            "estimated_bytes": self.total_bytes,
            "arrival": None if self.arrival is None else self.arrival.to_dict(),
            "properties": None if self.changes is None else self.changes.to_dict(),
            "made_inert": None if self.inert is None else self.inert.to_dict(),
            "placeholder": self.placeholder,
            "aside": self.aside or None,
            "left_aside": self.left_aside or None,
            "losing": list(self.losing),
        }

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a step a line; nothing where nothing is to do."""
        transfer = self.transfer
        if self.placeholder:
            yield Placeholder(transfer.target, transfer.source).describe()
        if self.inert is not None:
            yield self.inert.describe()
        if self.changes is not None and self.changes.pending:
            yield self.changes.describe()
            for name, value in self.changes.kept.items():
                yield f"    {name}={shown(value)} stays: it was set on {transfer.target}"
        if self.aside:
            yield Move(transfer.target, self.aside).describe()
        for loss in self.losing:
            written = f"the changes to {transfer.target} since its newest snapshot"
            yield f"LOSE {written if loss == WRITTEN else loss}"
        for step, size in zip(transfer.steps, self.step_bytes, strict=True):
            about = f"  ({format_size(size, exact=False)})"
            yield step.describe() + ("" if isinstance(step, Abort) else about)
        for move in self.returning:
            yield move.describe()
        if self.left_aside:
            yield f"promote {transfer.target}: {self.left_aside} was put aside for it"
        if transfer.unshared:
            yield f"    {transfer.unshared} is not there: blocks shared with it go again"

    def arrival_lines(self) -> Iterator[str]:
        """Yield the properties of a new target with the reasons, a line each."""
        if self.arrival is None or not self.pending:
            return
        for name, value in self.arrival.properties.items():
            if not name.startswith(OWN_PREFIX):
                why = self.arrival.reasons.get(name, "")
                yield f"    {name:<12}  {shown(value):<8}  {why}".rstrip()


@frozen
class Refused:
    """A dataset of a tree that is left as it is.

    Attributes:
        source: Name of the source.
        target: Name of the target.
        reason: The reason, without a final period.
        hint: The way out; may be empty.
        details: What else a program is told.
    """

    source: str
    target: str
    reason: str
    hint: str = ""
    details: Mapping[str, object] | None = None

    def error(self) -> EngineError:
        """Return the error for one dataset of several."""
        return EngineError(
            operation=f"send '{self.source}' to",
            target=self.target,
            reason=self.reason,
            hint=self.hint,
        )

    def to_dict(self) -> dict[str, object]:
        """Return the refusal in JSON's types."""
        return {
            "refused": None,
            "source": self.source,
            "target": self.target,
            "reason": self.reason,
            "hint": self.hint or None,
            "victims": [],
            "written_bytes": None,
            **(self.details or {}),
        }


@frozen
class ReplicationPlan:
    """All that a replication does.

    Attributes:
        source: Name of the dataset to send, the root of its tree.
        target: Name of the dataset that receives.
        datasets: The plan of each dataset, each after those that it needs.
        moves: Targets that are renamed first, as their sources were.
        refused: The datasets of a tree that are left as they are.
        left_out: The datasets that were not to be sent, with the reasons.
        orphans: The copies whose sources are gone from the source tree; they stay.
    """

    source: str
    target: str
    datasets: tuple[DatasetPlan, ...]
    moves: tuple[Move, ...] = ()
    refused: tuple[Refused, ...] = ()
    left_out: tuple[Omission, ...] = ()
    orphans: tuple[Orphan, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.moves) or any(plan.pending for plan in self.datasets)

    @property
    def total_bytes(self) -> int:
        """The estimated bytes of all streams."""
        return sum(plan.total_bytes for plan in self.datasets)

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "source": self.source,
            "target": self.target,
            "estimated_bytes": self.total_bytes,
            "moves": [move.to_dict() for move in self.moves],
            "datasets": [plan.to_dict() for plan in self.datasets],
            "refused": [refused.to_dict() for refused in self.refused],
            "left_out": [each.to_dict() for each in self.left_out],
            "orphans": [each.to_dict() for each in self.orphans],
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the plan for people; the properties of new targets come but once a kind."""
        if not self.pending and not self.refused:
            has = "has the newest snapshot of"
            if len(self.datasets) > 1:
                has = f"and {len(self.datasets) - 1} below it have the newest snapshots of"
            yield f"nothing to do: {self.target} {has} {self.source}"
        yield from (each.describe() for each in self.left_out)
        yield from (each.describe() for each in self.orphans)
        for move in self.moves:
            yield move.describe()
        seen: set[tuple[str, ...]] = set()
        for plan in self.datasets:
            yield from plan.lines()
            arrival = tuple(plan.arrival_lines())
            if arrival not in seen:
                seen.add(arrival)
                yield from arrival
        for refused in self.refused:
            yield f"NOT {refused.source} -> {refused.target}: {refused.reason}"


def all_bookmarks(changes: Iterable[BookmarkChanges]) -> BookmarkChanges:
    """Put the changes of many datasets into one."""
    make: dict[str, str] = {}
    drop: list[str] = []
    for change in changes:
        make |= change.make
        drop += change.drop
    return BookmarkChanges(make, tuple(drop))


def first_replica(source: End, target: str, pool_guid: int, *, raw: bool) -> Replica:
    """Choose the mark of a target that does not exist yet.

    The identity follows from source, target and pool, so that a run which was killed and
    the next one make the same bookmarks.

    Args:
        source: The dataset to send.
        target: Name of the dataset that receives.
        pool_guid: Guid of the target's pool.
        raw: Whether the first stream is raw.
    """
    text = f"{source.guid} {pool_guid} {target}".encode()
    digest = blake2b(text, digest_size=_ID_BYTES).digest()
    return Replica(int.from_bytes(digest, "big") or 1, raw)


def check_room(plan: ReplicationPlan, available_bytes: int) -> None:
    """Refuse a plan whose streams do not fit into the target's pool.

    Args:
        plan: The plan.
        available_bytes: The space that the target, or its parent, may still fill.

    Raises:
        PlanError: They are larger than that by ZFS' estimate.
    """
    if plan.total_bytes > available_bytes:
        raise PlanError(
            f"cannot send '{plan.source}' to '{plan.target}': the streams have "
            f"about {format_size(plan.total_bytes, exact=False)}, and the target has "
            f"{format_size(available_bytes, exact=False)} available",
            hint="make room there, or raise its quota",
        )
