"""Which snapshots to keep: snapshots and a policy in, decisions with reasons out.

Scope is decided by name: without ``match``, the names that ``zfstune snapshot``
gives; with it, the names that the glob matches whole, never a part of them. A
name proves nothing about who made a snapshot. The effects floor therefore asks
ZFS again just before it destroys: without ``match`` each victim must carry
zfstune's own user property, set on the snapshot itself, and in any case the guid
that was listed.

Order is ``createtxg``, which no clock can disturb and two snapshots of one
dataset never share.
"""

from __future__ import annotations

from collections import Counter

from zfstune.errors import PolicyError
from zfstune.frozen import frozen
from zfstune.names import is_auto_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.state import Snapshot

__all__ = ["DEFAULT_BATCH", "Decision", "Policy", "decide", "interleave"]

# Measured on OpenZFS 2.1 to 2.4: from 25 snapshots a call on, the cost of each is
# flat, and only the time that one call holds the pool still grows.
DEFAULT_BATCH = 50


@frozen
class Policy:
    """How many snapshots of each dataset to keep, and which are in scope.

    Args:
        keep: The newest so many in scope stay, counted per dataset.
        match: A glob (``*``, ``?``, ``[seq]``, ``[!seq]``; case counts) that must
            match the whole of what stands behind the ``@``. None: only names that
            zfstune gives.
        allow_zero: Consent to ``keep=0``, which leaves none in scope.

    Raises:
        PolicyError: The policy says nothing, or destroys everything without
            consent.
    """

    keep: int
    match: str | None = None
    allow_zero: bool = False

    def __post_init__(self) -> None:
        if type(self.keep) is not int:
            msg = f"cannot use policy 'keep={self.keep!r}': it takes a whole number"
            raise PolicyError(msg)
        if self.keep < 0:
            msg = f"cannot use policy 'keep={self.keep}': a count is never negative"
            raise PolicyError(msg)
        if self.keep == 0 and not self.allow_zero:
            msg = "cannot use policy 'keep=0': it would destroy every snapshot in scope"
            raise PolicyError(msg, hint="consent with --all-of-them (allow_zero=True)")
        _scope(self.match)  # refuses a glob that says nothing

    def covers(self, short_name: str) -> bool:
        """Tell whether a snapshot of that name (behind the ``@``) is in scope."""
        return _scope(self.match)(short_name)


@frozen
class Decision:
    """What is to become of one snapshot, and why.

    Attributes:
        snapshot: The snapshot.
        keep: False: it is to be destroyed.
        reasons: At least one; several where several things keep it.
        spared: The policy would let it go; it stays because something hangs on it.
    """

    snapshot: Snapshot
    keep: bool
    reasons: tuple[str, ...]
    spared: bool = False


def decide(snapshots: Iterable[Snapshot], policy: Policy) -> tuple[Decision, ...]:
    """Decide on each snapshot; those of different datasets are judged apart.

    Args:
        snapshots: In any order; a snapshot given twice counts once.
        policy: What to keep.

    Returns:
        One decision a snapshot, newest first by ``(createtxg, name)``.
    """
    unique = {(s.name, s.guid): s for s in snapshots}
    listed = Counter(name for name, _ in unique)
    order = sorted(unique.values(), key=lambda s: (s.createtxg, s.name), reverse=True)
    ranks: Counter[str] = Counter()
    in_scope = _scope(policy.match)
    decisions = []
    for snapshot in order:
        reasons = []
        destroy = spared = False
        if listed[snapshot.name] > 1:
            # Made anew while the list was read: which guid is there now is a guess.
            reasons.append("listed twice, as two different snapshots")
        elif not in_scope(snapshot.short_name):
            reasons.append(_outside(policy))
        else:
            ranks[snapshot.dataset] += 1
            rank = ranks[snapshot.dataset]
            destroy = rank > policy.keep
            reasons.append(_ranked(rank, policy.keep))
            if destroy and snapshot.clones:
                destroy, spared = False, True
                reasons = []
        if snapshot.clones:
            plural = "a clone hangs" if snapshot.clones == 1 else "clones hang"
            reasons.append(f"{plural} on it")
        decisions.append(Decision(snapshot, not destroy, tuple(reasons), spared))
    return tuple(decisions)


def interleave(
    victims: Mapping[str, Iterable[Snapshot]], batch: int = DEFAULT_BATCH
) -> list[list[Snapshot]]:
    """Deal the victims of many datasets out into batches, one call to ZFS each.

    The cost of destroying a snapshot grows with the number of its neighbours in
    the same dataset, so each batch takes from all datasets in turn; within a
    dataset the oldest go first, so that an interrupted prune leaves the newest.

    Args:
        victims: Dataset to the snapshots of it that are to go.
        batch: The most snapshots in one call.

    Returns:
        Batches of at most `batch`, each victim in exactly one of them.

    Raises:
        PolicyError: `batch` is smaller than one.
    """
    if batch < 1:
        msg = f"cannot use policy 'batch={batch}': a call takes at least one snapshot"
        raise PolicyError(msg)
    queues = [
        sorted(victims[dataset], key=lambda s: (s.createtxg, s.name), reverse=True)
        for dataset in sorted(victims)
    ]
    dealt: list[Snapshot] = []
    while queues := [queue for queue in queues if queue]:
        dealt.extend(queue.pop() for queue in queues)
    return [dealt[at : at + batch] for at in range(0, len(dealt), batch)]


def _scope(match: str | None) -> Callable[[str], bool]:
    """Turn a glob into a test of whole names; None means zfstune's own names."""
    if match is None:
        return is_auto_name
    if not match:
        msg = "cannot use policy 'match=': an empty glob matches nothing"
        raise PolicyError(msg, hint="leave --match out for zfstune's own snapshots")
    if "@" in match or "/" in match:
        msg = f"cannot use policy 'match={match}': no snapshot's name holds '@' or '/'"
        hint = "the glob is held against what stands behind the @; name datasets apart"
        raise PolicyError(msg, hint=hint)
    # Both are slow to import, and most prunes need neither.
    import re  # noqa: PLC0415
    from fnmatch import translate  # noqa: PLC0415

    whole = re.compile(translate(match)).fullmatch
    return lambda short_name: whole(short_name) is not None


def _outside(policy: Policy) -> str:
    if policy.match is None:
        return "its name is not one that zfstune gives"
    return f"its name does not match '{policy.match}'"


def _ranked(rank: int, keep: int) -> str:
    if rank <= keep:
        return f"number {rank} of the newest {keep}"
    return f"number {rank}, beyond the newest {keep}" if keep else "none is to be kept"
