"""The steps of a transfer, each a value: what is sent, from which base, to which name."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.frozen import frozen
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.streams.refusals import Diverged
    from zfstune.values.state import Bookmark, Snapshot

__all__ = [
    "Abort",
    "Full",
    "Incremental",
    "MadeInert",
    "Move",
    "Omission",
    "Orphan",
    "Placeholder",
    "PlanStep",
    "PropertyChanges",
    "Resume",
    "Transfer",
    "TransferStep",
]


@frozen
class Abort:
    """Give up the part of a stream that a receive kept, since it cannot be completed.

    Attributes:
        target: The dataset that it waits in. Where no receive has been completed there,
            it is nothing but that part, and goes with it.
        reason: Why it cannot be completed.
    """

    target: str
    reason: str

    def describe(self) -> str:
        """Return the step for people."""
        return f"abort the receive that broke off in {self.target}: {self.reason}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {"step": "abort", "target": self.target, "reason": self.reason}


class _Stream:
    """The parts that all steps with a stream have."""

    __slots__ = ()
    snapshot: Snapshot
    base: Snapshot | Bookmark | None
    received: str
    origin: str
    raw: bool

    def describe(self) -> str:
        """Return the step for people."""
        base = f" from {self.base.name}" if self.base is not None else ""
        clone = f" as a clone of {self.origin}" if self.origin else ""
        kind = "raw " if self.raw else ""
        words = f"{kind}{type(self).__name__.lower()}"
        return f"{words} {self.snapshot.name}{base} -> {self.received}{clone}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {
            "step": type(self).__name__.lower(),
            "snapshot": self.snapshot.name,
            "guid": str(self.snapshot.guid),
            "base": None if self.base is None else self.base.name,
            "base_guid": None if self.base is None else str(self.base.guid),
            "received": self.received,
            "origin": self.origin or None,
            "raw": self.raw,
        }


@frozen
class Resume(_Stream):
    """Send the rest of a stream that broke off.

    Attributes:
        snapshot: The snapshot on the source, found by guid.
        base: The base of that stream on the source; None: it is a full one.
        received: Full name of the snapshot that the target makes of it.
        raw: Whether encrypted blocks are sent as they are.
        origin: Always empty: the target knows it.
    """

    snapshot: Snapshot
    base: Snapshot | Bookmark | None
    received: str
    raw: bool
    origin: str = ""


@frozen
class Full(_Stream):
    """Send a snapshot whole.

    The attributes are those of :class:`Resume`; `base` is always None.
    """

    snapshot: Snapshot
    received: str
    raw: bool
    base: None = None
    origin: str = ""


@frozen
class Incremental(_Stream):
    """Send the changes between a base and a snapshot.

    The attributes are those of :class:`Resume`. `base` is never None, and `origin` is
    the full name of the target's snapshot that the dataset becomes a clone of; empty:
    the dataset exists.
    """

    snapshot: Snapshot
    base: Snapshot | Bookmark
    received: str
    raw: bool
    origin: str = ""


@frozen
class Move:
    """Give a target another name; all below it goes along.

    Attributes:
        old: Its name before; moves that come earlier count already.
        new: Its name afterwards.
        source: Name of the source that it is a copy of, where that was renamed; empty:
            the target goes aside, or comes back.
        mark: The mark of a copy that it gets back, empty where nobody knows that any
            more; None: it keeps the one that it has.
    """

    old: str
    new: str
    source: str = ""
    mark: str | None = None

    def describe(self) -> str:
        """Return the step for people."""
        like = f", as {self.source} was" if self.source else ""
        return f"rename {self.old} to {self.new}{like}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {"old": self.old, "new": self.new, "source": self.source or None}


@frozen
class Placeholder:
    """Make a target without data, so that the copies below it have a parent.

    Attributes:
        target: Its name.
        source: The dataset that it stands for.
    """

    target: str
    source: str

    def describe(self) -> str:
        """Return the step for people."""
        return f"placeholder {self.target}: {self.source} has no snapshot"


@frozen
class Omission:
    """A dataset of the source tree that is not sent, nor any below it.

    Attributes:
        source: Its name.
        reason: The reason.
    """

    source: str
    reason: str

    def describe(self) -> str:
        """Return it for people."""
        return f"leave out {self.source}: {self.reason}"

    def to_dict(self) -> dict[str, object]:
        """Return it in JSON's types."""
        return {"source": self.source, "reason": self.reason}


@frozen
class Orphan:
    """A copy in the target tree whose source is not in the source tree any more.

    Attributes:
        target: Its name; it stays as it is.
        source: Name of the root of the source tree.
    """

    target: str
    source: str

    def describe(self) -> str:
        """Return it for people."""
        return f"{self.target} stays: its source is not below {self.source} any more"

    def to_dict(self) -> dict[str, object]:
        """Return it in JSON's types."""
        return {"target": self.target}


@frozen
class PropertyChanges:
    """Give a target that exists the properties that its source has by now.

    Attributes:
        source: The dataset that is sent.
        target: The dataset that receives.
        values: Properties to set, zfstune's note of them among these.
        inherited: Names of properties to inherit, since the source has no value any more.
        kept: The source's properties that the target has other values for, set there by
            somebody else: name to the target's value.
    """

    source: str
    target: str
    values: Mapping[str, str]
    inherited: tuple[str, ...] = ()
    kept: Mapping[str, str] = MappingProxyType({})

    @property
    def pending(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.values or self.inherited)

    def describe(self) -> str:
        """Return the step for people; zfstune's own note goes unsaid."""
        values = {n: v for n, v in self.values.items() if not n.startswith(OWN_PREFIX)}
        inherited = [name for name in self.inherited if not name.startswith(OWN_PREFIX)]
        pairs = " ".join(f"{name}={shown(value)}" for name, value in values.items())
        parts = [f"set {pairs}"] if values else []
        parts += [f"inherit {' '.join(inherited)}"] if inherited else []
        return f"{', '.join(parts)} on {self.target}, as on {self.source}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {
            "set": dict(self.values),
            "inherit": list(self.inherited),
            "kept": dict(self.kept),
        }


@frozen
class MadeInert:
    """Give a copy what makes it inert, which it lacks since it arrived.

    Attributes:
        target: The copy.
        values: Properties to set.
    """

    target: str
    values: Mapping[str, str]

    def describe(self) -> str:
        """Return the step for people."""
        pairs = " ".join(f"{name}={shown(value)}" for name, value in self.values.items())
        return f"set {pairs} on {self.target}: it lacks what makes a copy inert"

    def to_dict(self) -> dict[str, str]:
        """Return the step in JSON's types."""
        return dict(self.values)


TransferStep = Abort | Resume | Full | Incremental
PlanStep = (
    TransferStep | Move | Placeholder | PropertyChanges | MadeInert | Omission | Orphan
)


@frozen
class Transfer:
    """The steps of a transfer, in their order; without a step the target is up to date.

    Attributes:
        source: Name of the dataset that is sent.
        target: Name of the dataset that receives.
        steps: An :class:`Abort` or :class:`Resume` first, if any.
        blocked: The refusal that the source's next snapshot would meet, or None.
        unshared: Name of the source's origin, where the target side has no copy of it:
            blocks that the two share are sent again, and a clone becomes a dataset of
            its own. Empty: nothing is sent twice.
    """

    source: str
    target: str
    steps: tuple[TransferStep, ...] = ()
    blocked: Diverged | None = None
    unshared: str = ""

    @property
    def up_to_date(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    def to_dict(self) -> dict[str, object]:
        """Return the transfer in JSON's types."""
        return {
            "source": self.source,
            "target": self.target,
            "steps": [step.to_dict() for step in self.steps],
            "blocked": None if self.blocked is None else self.blocked.to_dict(),
            "unshared": self.unshared or None,
        }
