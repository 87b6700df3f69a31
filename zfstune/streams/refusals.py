"""Why a transfer does not begin, as values that name each loss and the ways out.

Nothing here destroys anything. Each refusal lists the snapshots of the target that would
have to go before the source could be sent over it: those and no others. The first way
out is ``--keep-aside``, which renames the target and receives beside it; then there is
``--lose NAME``.
"""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.text import comma_list, for_shell, utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import Snapshot

__all__ = [
    "WRITTEN",
    "Diverged",
    "NameTaken",
    "NoCommonBase",
    "NoSnapshot",
    "PlaceholderStays",
    "RawMismatch",
    "Refusal",
    "TargetIsOther",
    "TookOver",
]

# The word that consents to losing what was written since the newest snapshot. No name of
# a snapshot is like it, since each has an '@'.
WRITTEN = "written"

_MOST_NAMED = 20


class _Refused:
    """The parts that all refusals have."""

    __slots__ = ()
    source: str
    target: str
    # Where a refusal has no fields of these names, nothing would go.
    victims: tuple[Snapshot, ...] = ()
    written_bytes: int = 0
    # Whether a forced receive can take the place of what would go.
    forcible: bool = True

    @property
    def reason(self) -> str:
        """The reason, without a final period."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """The ways out, the one without a loss first."""
        raise NotImplementedError

    @property
    def tree_hint(self) -> str:
        """The ways out for a dataset of a tree: ``--lose`` goes without ``-r``."""
        return self.hint

    @property
    def losses(self) -> tuple[str, ...]:
        """Full names of the snapshots that would go, and ``written`` for bytes."""
        names = tuple(snapshot.name for snapshot in self.victims)
        return (*names, WRITTEN) if self.written_bytes else names

    @property
    def message(self) -> str:
        """The sentence for an error."""
        return f"cannot send '{self.source}' to '{self.target}': {self.reason}"

    def error(self) -> PlanError:
        """Return the error to raise; nothing has changed."""
        return PlanError(self.message, hint=self.hint)

    def to_dict(self) -> dict[str, object]:
        """Return the refusal in JSON's types."""
        return {
            "refused": type(self).__name__,
            "source": self.source,
            "target": self.target,
            "reason": self.reason,
            "hint": self.hint or None,
            "victims": [
                {"name": s.name, "guid": str(s.guid), "creation": utc_instant(s.creation)}
                for s in self.victims
            ],
            "written_bytes": self.written_bytes,
        }


class _Losable(_Refused):
    """The parts of refusals that somebody may overcome by giving up what would go."""

    __slots__ = ()

    @property
    def hint(self) -> str:
        return self.ways_out("")

    @property
    def tree_hint(self) -> str:
        return self.ways_out(", alone, without -r,")

    def ways_out(self, how: str) -> str:
        """Return the ways out; `how` says how ``--lose`` is to be used."""
        aside = _beside(self.target)
        if not self.losses or not self.forcible:
            return aside
        if len(self.losses) > _MOST_NAMED:
            return f"{aside}, or{how} --lose NAME for each loss"
        words = " --lose ".join(map(for_shell, self.losses))
        return f"{aside}, or{how} --lose {words} to give that up"


@frozen
class Diverged(_Losable):
    """The target went on by itself after the newest snapshot that both sides have.

    Attributes:
        source: Name of the dataset that would be sent.
        target: Name of the dataset that would receive.
        base: Full name of the common snapshot on the target.
        victims: The target's snapshots after that one, oldest first.
        written_bytes: The bytes written to the target since its newest snapshot.
        raw: Whether the stream would be raw.
        empty: Whether `victims` are known to hold no change.
        forcible: Whether a receive there can be forced to lose what would go.
    """

    source: str
    target: str
    base: str
    victims: tuple[Snapshot, ...]
    written_bytes: int
    raw: bool
    empty: bool
    forcible: bool = True

    @property
    def reason(self) -> str:
        """What the target has alone, and where ZFS and zfstune differ about it."""
        parts = []
        if self.victims:
            names = comma_list([snapshot.name for snapshot in self.victims])
            parts.append(f"after '{self.base}' it has snapshots of its own: {names}")
        if self.written_bytes:
            since = self.victims[-1].name if self.victims else self.base
            parts.append(f"{self.written_bytes} bytes were written to it after '{since}'")
        if self.empty and self.raw:
            parts.append("they hold no change, but a raw stream fits no newer snapshot")
        elif self.empty:
            parts.append(
                "they hold no change and ZFS would keep them, but zfstune only appends "
                "to the common snapshot"
            )
        return "; ".join(parts)

    def ways_out(self, how: str) -> str:
        """Return the ways out, and how to keep the target from being written to."""
        ways = _Losable.ways_out(self, how)
        if not self.written_bytes:
            return ways
        return f"`zfs set readonly=on {for_shell(self.target)}` prevents writes; {ways}"


@frozen
class NoCommonBase(_Losable):
    """The target has snapshots, and the source has none of them, nor a bookmark of one.

    The attributes are those of :class:`Diverged`; `victims` are all of the target's
    snapshots.

    Attributes:
        remembered: Full name of the target's newest bookmark of a snapshot that the
            source has; empty: there is none.
        forcible: As in :class:`Diverged`. A raw stream takes the place of no dataset, and
            none takes that of an encrypted one (recv_begin_check_existing_impl() in
            module/zfs/dmu_recv.c).
    """

    source: str
    target: str
    victims: tuple[Snapshot, ...]
    written_bytes: int = 0
    remembered: str = ""
    forcible: bool = True

    @property
    def reason(self) -> str:
        """The search in vain, and how near it came."""
        reason = "the source has none of its snapshots, nor a bookmark of one"
        if self.remembered:
            reason += (
                f"; the target has only '{self.remembered}' left of what both had, and a "
                "stream fits onto a snapshot alone"
            )
        return reason


@frozen
class RawMismatch(_Refused):
    """The stream would be of another kind than the first one, raw or not.

    Attributes:
        source: As in :class:`Diverged`.
        target: As in :class:`Diverged`.
        victims: All of the target's snapshots: the other kind takes a new first send.
        written_bytes: As in :class:`Diverged`.
        received: The dataset or snapshot that came by the first one: the target, or the
            snapshot that it would become a clone of.
        raw: Whether the first one was raw; None: nobody can tell.
    """

    source: str
    target: str
    victims: tuple[Snapshot, ...]
    written_bytes: int
    received: str
    raw: bool | None

    @property
    def reason(self) -> str:
        """The kind of the first stream, and what the other kind would do."""
        if self.raw is None:
            return (
                f"nobody can tell whether '{self.received}' was received raw, and a "
                "stream that is not raw would end a raw chain for good"
            )
        if self.raw:
            return (
                f"'{self.received}' was received raw, and a stream that is not raw would "
                "end that chain for good"
            )
        return f"'{self.received}' was not received raw, and takes no raw stream"

    @property
    def hint(self) -> str:
        """The kind that fits, and the way to begin anew: no loss makes room for that."""
        kind = "a stream that is not raw" if self.raw is False else "a raw stream"
        if not self.victims:
            return f"send {kind}"
        return f"send {kind}; to begin anew, {_beside(self.target)}"


@frozen
class TargetIsOther(_Refused):
    """Something else has the name of the target.

    Attributes:
        source: As in :class:`Diverged`.
        target: As in :class:`Diverged`.
        victims: All of the target's snapshots.
        written_bytes: As in :class:`Diverged`.
        kind: The target's kind.
        wanted: The source's kind.
    """

    source: str
    target: str
    victims: tuple[Snapshot, ...]
    written_bytes: int
    kind: str
    wanted: str

    @property
    def reason(self) -> str:
        """The difference from a copy of the source."""
        if self.kind != self.wanted:
            return f"it is a {self.kind}, and the source is a {self.wanted}"
        return "it exists and has no snapshot, so it is no copy of the source"

    @property
    def hint(self) -> str:
        """A dataset that is no copy is never destroyed for one."""
        return f"{_beside(self.target)}, or choose another target"


@frozen
class NameTaken(_Refused):
    """Other snapshots of the target have the names of snapshots that would arrive.

    A new name is enough, and nothing would go.

    Attributes:
        source: As in :class:`Diverged`.
        target: As in :class:`Diverged`.
        taken: The target's snapshots that have those names, oldest first.
    """

    source: str
    target: str
    taken: tuple[Snapshot, ...]

    @property
    def reason(self) -> str:
        """The names."""
        names = comma_list([snapshot.name for snapshot in self.taken])
        return f"other snapshots than those to be sent have their names: {names}"

    @property
    def hint(self) -> str:
        """The command that renames the first of them."""
        name = self.taken[0].name
        return f"`zfs rename {for_shell(name)} {for_shell(f'{name}-target')}` makes room"


@frozen
class NoSnapshot(_Refused):
    """The source has no snapshot, so there is nothing that could be sent.

    The attributes are those of :class:`Diverged`; nothing would go.
    """

    source: str
    target: str

    @property
    def reason(self) -> str:
        """The lack."""
        return "the source has no snapshot"

    @property
    def hint(self) -> str:
        """The command that takes one."""
        return f"`zfstune snapshot {for_shell(self.source)}` takes one"


@frozen
class PlaceholderStays(_Refused):
    """The target is a placeholder that the stream cannot replace.

    The attributes are those of :class:`Diverged`; nothing would go.
    """

    source: str
    target: str

    @property
    def reason(self) -> str:
        """The limit of ZFS (recv_begin_check_existing_impl(), module/zfs/dmu_recv.c)."""
        return (
            "it is a placeholder, and ZFS lets neither a clone nor an encrypted dataset "
            "take the place of another one"
        )

    @property
    def hint(self) -> str:
        """The way out, which loses nothing."""
        return _beside(self.target)


@frozen
class TookOver(_Refused):
    """The target has taken over from its source: what is sent to it would hurt its users.

    The attributes are those of :class:`Diverged`; nothing would go.
    """

    source: str
    target: str

    @property
    def reason(self) -> str:
        """Its role."""
        return "it has taken over, and is no copy any more"

    @property
    def hint(self) -> str:
        """The other direction, and the way to make it a copy again."""
        return (
            f"send from '{self.target}' to '{self.source}'; or, if nobody needs it there "
            f"any more, `zfstune failover --standby {for_shell(self.target)}`"
        )


Refusal = (
    Diverged
    | NoCommonBase
    | RawMismatch
    | TargetIsOther
    | NameTaken
    | NoSnapshot
    | PlaceholderStays
    | TookOver
)


def _beside(target: str) -> str:
    if "/" not in target:
        return f"choose a target below '{target}': a pool's own dataset has no other name"
    return f"add --keep-aside to rename '{target}' and to receive beside it"
