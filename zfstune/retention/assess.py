"""Assess snapshots: how old and large each is, why it stays, and when it goes."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.engine.open import using
from zfstune.engine.pools import datasets_below
from zfstune.retention.bases import keep_bases
from zfstune.retention.decision import CHECKPOINT, FOREIGN, decide, is_spared_checkpoint
from zfstune.retention.known_targets import replicated_to_all
from zfstune.retention.read_targets import read_noted_targets, read_targets
from zfstune.retention.store import not_followed, stored_policies, zone
from zfstune.values.errors import EngineError, PolicyError, PoolSuspended
from zfstune.values.frozen import frozen
from zfstune.values.marks import SNAPSHOT_PROPERTY
from zfstune.values.text import utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping

    from zfstune.engine.protocol import Engine
    from zfstune.retention.decision import Decision
    from zfstune.retention.policy import Policy
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["AssessedSnapshot", "assess_snapshots", "list_snapshots"]

_NO_POLICY = "no policy is stored for its dataset"


@frozen
class AssessedSnapshot:
    """A snapshot with all that is known about its end.

    Attributes:
        name: Full name.
        creation: When it was taken, in seconds since 1970; None: not known.
        age_seconds: Its age; below zero where it is dated after now.
        used_bytes: The bytes that no other snapshot holds, which its destruction alone
            would free.
        frees_bytes: The same; None where ZFS would refuse, for a hold or a clone.
        referenced_bytes: The bytes that can be read in it.
        goes: ``now`` if the next prune destroys it, else ``kept``; ``unruled``
            where its dataset has no policy, or one that cannot be followed.
        expires: When it goes, in seconds since 1970, if snapshots are taken as
            before; None: now, never, or nobody can tell.
        reasons: Why it stays, or why it goes.
        holds: The tags of its holds.
        clones: The number of its clones.
        own: Whether zfstune took it on this machine.
    """

    name: str
    creation: int | None
    age_seconds: int | None
    used_bytes: int
    frees_bytes: int | None
    referenced_bytes: int
    goes: str
    expires: int | None
    reasons: tuple[str, ...]
    holds: tuple[str, ...]
    clones: int
    own: bool

    def to_dict(self) -> dict[str, object]:
        """Return the attributes in JSON's types, times as text."""
        return {
            "name": self.name,
            "creation": utc_instant(self.creation),
            "age_s": self.age_seconds,
            "used_bytes": self.used_bytes,
            "frees_bytes": self.frees_bytes,
            "referenced_bytes": self.referenced_bytes,
            "goes": self.goes,
            "expires": utc_instant(self.expires),
            "reasons": list(self.reasons),
            "holds": list(self.holds),
            "clones": self.clones,
            "own": self.own,
        }


def list_snapshots(
    *datasets: str, engine: Engine | None = None
) -> tuple[AssessedSnapshot, ...]:
    """List snapshots with the reasons why each stays, and the time when it goes.

    Args:
        datasets: Full names, each with all below it; default: all of all pools.
        engine: Default: the running kernel's ZFS.

    Returns:
        The snapshots of each dataset, the oldest first.

    Raises:
        PolicyError: A stored policy cannot be followed; the message names its dataset.
        EngineError: A dataset does not exist, or ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        return tuple(assess_snapshots(zfs, datasets, lambda: datetime.now(UTC)))


def assess_snapshots(
    engine: Engine,
    datasets: Iterable[str],
    now: Callable[[], datetime],
    faults: MutableMapping[str, ZfstuneError] | None = None,
) -> list[AssessedSnapshot]:
    """Look at the snapshots of datasets and of all below them.

    Args:
        engine: The engine to read them from.
        datasets: Full names; default: all of all pools.
        now: Gives an aware time. It is called after each listing, so that a snapshot
            which was taken meanwhile is not from the future.
        faults: Gets each dataset whose policy cannot be followed or that cannot be
            listed, and the reason, so that the others are shown.

    Returns:
        The snapshots of each dataset, oldest first.

    Raises:
        PolicyError: A stored policy cannot be followed; the message names its dataset.
        EngineError: A dataset does not exist.
    """
    by_name = datasets_below(engine, datasets)
    troubles: dict[str, ZfstuneError] = {}
    policies = stored_policies(engine, by_name.values(), faults=troubles)
    assessed: list[AssessedSnapshot] = []
    for name, dataset in by_name.items():
        try:
            listing = engine.snapshots(name, properties=True)
        except PoolSuspended:
            raise
        except EngineError as error:
            troubles[name] = error
            continue
        followed = policies.get(name)
        policy = None if followed is None else followed.policy
        time = now()
        decided: dict[str, Decision] = {}
        try:
            decisions = _decisions(engine, dataset, listing, policy, time)
            decided = {d.snapshot.name: d for d in decisions}
        except PolicyError as error:
            set_on = name if followed is None else followed.set_on
            troubles[name] = not_followed(set_on, error)
        undecided = troubles[name].message if name in troubles else _NO_POLICY
        seconds = int(time.timestamp())
        assessed += [
            _assessed(engine, each, policy, decided.get(each.name, undecided), seconds)
            for each in listing
        ]
    if troubles and faults is None:
        raise next(iter(troubles.values()))
    if faults is not None:
        faults.update(troubles)
    return assessed


def _decisions(
    engine: Engine,
    dataset: Dataset,
    listing: list[Snapshot],
    policy: Policy | None,
    now: datetime,
) -> tuple[Decision, ...]:
    """Decide as the next prune will, targets of replication included."""
    if policy is None or not listing:
        return ()
    read = read_targets if policy.needs_targets else read_noted_targets
    targets = read(engine, dataset)
    replicated = {dataset.name: replicated_to_all(targets)}
    decided = decide(listing, policy, now, zone(policy), replicated)
    return keep_bases(decided, dataset, targets)


def _assessed(
    engine: Engine,
    snapshot: Snapshot,
    policy: Policy | None,
    decision: Decision | str,
    now: int,
) -> AssessedSnapshot:
    used = int(snapshot.value("used") or 0)
    held = snapshot.value("userrefs") not in (None, "0")
    holds = tuple(sorted(engine.holds(snapshot.name))) if held else ()
    own = snapshot.local(SNAPSHOT_PROPERTY) is not None
    stays = [f"held: {', '.join(holds)}"] if held else []
    if isinstance(decision, str) or policy is None:  # the reason why there is none
        goes, expires, reasons = "unruled", None, (str(decision), *stays)
    elif decision.keep:
        goes, expires = "kept", decision.expires
        reasons = (*decision.reasons, *stays)
    else:
        if not own and not policy.scope(named=True)(snapshot.short_name):
            stays.append(FOREIGN)
        elif is_spared_checkpoint(snapshot, policy):
            stays.append(CHECKPOINT)
        goes, expires = ("kept" if stays else "now"), None
        reasons = tuple(stays) or decision.reasons
    created = snapshot.creation
    return AssessedSnapshot(
        name=snapshot.name,
        creation=created,
        age_seconds=None if created is None else now - created,
        used_bytes=used,
        frees_bytes=None if held or snapshot.clones else used,
        referenced_bytes=int(snapshot.value("referenced") or 0),
        goes=goes,
        expires=expires,
        reasons=reasons,
        holds=holds,
        clones=snapshot.clones,
        own=own,
    )
