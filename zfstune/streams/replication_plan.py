"""The plan of a replication: streams with their sizes, and how the target arrives."""

from __future__ import annotations

from hashlib import blake2b

from zfstune.streams.ends import Replica
from zfstune.streams.refusals import WRITTEN
from zfstune.streams.steps import Abort
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.streams.arrival import Arrival
    from zfstune.streams.ends import End
    from zfstune.streams.steps import Transfer

__all__ = ["Choices", "ReplicationPlan", "check_room", "first_replica"]

_ID_BYTES = 8


@frozen
class Choices:
    """The caller's choices for a replication; :func:`zfstune.replicate` explains them."""

    raw: bool | None
    every: bool
    properties: Mapping[str, str]
    without: tuple[str, ...]
    keep_aside: bool
    lose: tuple[str, ...]


@frozen
class ReplicationPlan:
    """All that a replication of one dataset does.

    Attributes:
        transfer: The streams, in their order.
        step_bytes: The estimated bytes of each step's stream; 0 for a step without one.
        arrival: The properties of a target that does not exist yet; None: it exists, and
            keeps its own.
        replica: The mark by which the source's bookmarks know the target; None: the
            target exists without a mark, and its guid is taken.
        aside: The name that the target is given first, so that a new one can be
            received; empty: it keeps its name.
        losing: Full names of the target's snapshots that go with the first stream, and
            ``written`` for what was written since the newest one.
    """

    transfer: Transfer
    step_bytes: tuple[int, ...]
    arrival: Arrival | None
    replica: Replica | None
    aside: str = ""
    losing: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether there is a stream to send, or a partial one to give up."""
        return not self.transfer.up_to_date

    @property
    def total_bytes(self) -> int:
        """The estimated bytes of all streams."""
        return sum(self.step_bytes)

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        steps = zip(self.transfer.steps, self.step_bytes, strict=True)
        return self.transfer.to_dict() | {
            "steps": [{**step.to_dict(), "bytes": size} for step, size in steps],
            "bytes": self.total_bytes,
            "arrival": None if self.arrival is None else self.arrival.to_dict(),
            "aside": self.aside or None,
            "losing": list(self.losing),
        }

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a step a line."""
        transfer = self.transfer
        if not self.pending:
            yield (
                f"nothing to do: {transfer.target} has the newest snapshot of "
                f"{transfer.source}"
            )
        if self.aside:
            yield f"rename {transfer.target} to {self.aside}"
        for loss in self.losing:
            written = f"the changes to {transfer.target} since its newest snapshot"
            yield f"LOSE {written if loss == WRITTEN else loss}"
        for step, size in zip(transfer.steps, self.step_bytes, strict=True):
            about = f"  ({format_size(size, exact=False)})"
            yield step.describe() + ("" if isinstance(step, Abort) else about)
        if self.arrival is not None and self.pending:
            for name, value in self.arrival.properties.items():
                if name.startswith(OWN_PREFIX):
                    continue
                why = self.arrival.reasons.get(name, "")
                yield f"    {name:<12}  {value:<8}  {why}".rstrip()


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
        target = plan.transfer.target
        raise PlanError(
            f"cannot send '{plan.transfer.source}' to '{target}': the streams have "
            f"about {format_size(plan.total_bytes, exact=False)}, and the target has "
            f"{format_size(available_bytes, exact=False)} available",
            hint="make room there, or raise its quota",
        )
