"""The plan of a receive: what becomes of each stream, in their order."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.streams.arrival import Arrival

__all__ = ["ReceivePlan", "ReceiveStep", "Received", "Skipped"]


@frozen
class Skipped:
    """A stream whose snapshot is there already.

    Attributes:
        sent: Full name of the snapshot on the sender.
        there: Full name of the snapshot here that has its guid.
        guid: That guid.
    """

    sent: str
    there: str
    guid: int

    def describe(self) -> str:
        """Return the step for people."""
        return f"skip {self.sent}: it is there already, as {self.there}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {
            "step": "skip",
            "sent": self.sent,
            "received": self.there,
            "guid": str(self.guid),
        }


@frozen
class Received:
    """A stream that is received.

    Attributes:
        sent: Full name of the snapshot on the sender.
        received: Full name of the snapshot here.
        guid: Its guid.
        base_guid: Guid of the base of an incremental; 0: the stream is a full one.
        origin: Full name of the snapshot that the dataset becomes a clone of; empty: it
            becomes none.
        raw: Whether encrypted blocks are as they are.
        rest: Whether the stream goes on with one that broke off.
        new: Whether it makes the dataset.
        arrival: The properties of the dataset.
    """

    sent: str
    received: str
    guid: int
    base_guid: int
    origin: str
    raw: bool
    rest: bool
    new: bool
    arrival: Arrival

    @property
    def dataset(self) -> str:
        """The dataset that it is received into."""
        return self.received.partition("@")[0]

    def describe(self) -> str:
        """Return the step for people."""
        kind = "incremental" if self.base_guid else "full"
        words = (
            "rest of the " * self.rest
            + "raw " * self.raw
            + ("clone" if self.origin else kind)
        )
        clone = f" as a clone of {self.origin}" if self.origin else ""
        return f"{words} {self.sent} -> {self.received}{clone}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {
            "step": "resume" if self.rest else "receive",
            "sent": self.sent,
            "received": self.received,
            "guid": str(self.guid),
            "base_guid": str(self.base_guid) if self.base_guid else None,
            "origin": self.origin or None,
            "raw": self.raw,
            "new": self.new,
            "arrival": self.arrival.to_dict(),
        }


ReceiveStep = Received | Skipped


@frozen
class ReceivePlan:
    """All that a receive does.

    Attributes:
        steps: What becomes of each stream.
        parents: Names of the datasets that are made first, to hold the others.
        more: Whether the file goes on behind the stream or package, as zfs receive would
            not say: it leaves that unread. False where it is no plain file.
    """

    steps: tuple[ReceiveStep, ...] = ()
    parents: tuple[str, ...] = ()
    more: bool = False

    @property
    def pending(self) -> bool:
        """Whether anything is received."""
        return any(isinstance(step, Received) for step in self.steps)

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "parents": list(self.parents),
            "streams": [step.to_dict() for step in self.steps],
            "more": self.more,
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a step a line."""
        for parent in self.parents:
            yield f"create {parent}  (holds what is received)"
        for step in self.steps:
            yield step.describe()
