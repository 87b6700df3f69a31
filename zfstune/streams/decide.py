"""Decide what a replication does for each dataset of a tree, and ask what that takes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain

from zfstune.streams.arrival import Arrival
from zfstune.streams.base import settle_bookmarks
from zfstune.streams.complete import Completion
from zfstune.streams.ends import missing_end, placeholder_mark
from zfstune.streams.refusals import Diverged, NoCommonBase
from zfstune.streams.remote.failures import forced_error
from zfstune.streams.replication_plan import (
    DatasetPlan,
    Refused,
    ReplicationPlan,
)
from zfstune.streams.steps import Abort, Move, Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.streams.tree import in_order, lineage, planned_before
from zfstune.streams.unfinished import aside_name, aside_of, can_leave
from zfstune.streams.ways_out import beside, in_place_of, over
from zfstune.streams.wrapping_key import (
    brings_key,
    closed_for_good,
    has_same_key,
    is_opened_alike,
)
from zfstune.values.errors import Damaged, EngineError, InvalidName, NotPermitted, PlanError
from zfstune.values.frozen import replace
from zfstune.values.inert import PLACEHOLDER
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.state import NONE, PropertyValue, Snapshot
from zfstune.values.text import for_shell, utc_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.streams.ends import End
    from zfstune.streams.refusals import Refusal
    from zfstune.streams.replication_plan import Choices
    from zfstune.streams.side import Side
    from zfstune.streams.tree import Pair, Pairing
    from zfstune.streams.unfinished import Unfinished

__all__ = ["Planner"]

_NOT_ENCRYPTED = {"encryption": PropertyValue("off", NONE)}


class Planner:
    """Plans one dataset after the other, each after those that it needs."""

    def __init__(
        self,
        pairing: Pairing,
        unfinished: Unfinished,
        sending: Side,
        receiving: Side,
        choices: Choices,
    ) -> None:
        self._pairing = pairing
        self._unfinished = unfinished
        self._sending = sending
        self._receiving = receiving
        self._choices = choices
        self._pairs = {pair.source.name: pair for pair in pairing.pairs}
        self._ends = {pair.source.name: pair.source for pair in pairing.pairs}
        self._plans: dict[str, DatasetPlan] = {}
        self._refused: dict[str, Refused] = {}
        pool = pool_of(pairing.pairs[0].target.name)
        self._completion = Completion(pool, sending, receiving, choices)
        origins = [pair.source.origin for pair in pairing.pairs]
        self._origins = frozenset(o.guid for o in origins if o is not None)
        # Snapshots on the target's pool, now or by then, by guid.
        asides = [end.renamed(name) for name, end in unfinished.asides.items()]
        copies = [*asides, *pairing.targets]
        self._copies = {s.guid: s for end in copies for s in end.snapshots}
        elsewhere = {
            pair.source.origin.guid
            for pair in pairing.pairs
            if pair.source.origin is not None
            and pair.source.origin.dataset not in self._pairs
            and not pair.target.snapshots
        }
        self._copies |= receiving.copies(pool, elsewhere - self._copies.keys())

    def plan(self) -> ReplicationPlan:
        """Plan all datasets."""
        before = {name: planned_before(pair) for name, pair in self._pairs.items()}
        order, circles = in_order(before)
        for name in order:
            pair = self._pairs[name]
            try:
                if name in circles:
                    raise _circle(circles[name])
                self._take(pair)
            except (PlanError, InvalidName, EngineError) as error:
                if not self._choices.recursive:
                    raise
                self._refuse(pair, error.message, error.hint)
        root, unfinished = self._pairing.pairs[0], self._unfinished
        return ReplicationPlan(
            root.source.name,
            root.target.name,
            tuple(self._plans.values()),
            (*unfinished.moves, *self._late_returns(), *self._pairing.moves),
            tuple(self._refused.values()),
        )

    def _present_name(self, name: str) -> str:
        """Return the name that a target has before all moves."""
        unfinished = self._unfinished
        returning = chain.from_iterable(unfinished.returning.values())
        for move in reversed((*unfinished.moves, *returning, *self._pairing.moves)):
            if f"{name}/".startswith(f"{move.new}/"):
                name = f"{move.old}{name[len(move.new) :]}"
        return name

    def _late_returns(self) -> Iterator[Move]:
        """Yield the moves that an earlier run has left to do below complete targets."""
        for pair in self._pairing.pairs:
            if pair.target.snapshots:
                yield from self._unfinished.returning.get(pair.target.name, ())

    def _refuse(
        self,
        pair: Pair,
        reason: str,
        hint: str,
        details: Mapping[str, object] | None = None,
    ) -> None:
        source, target = pair.source.name, pair.target.name
        self._refused[source] = Refused(source, target, reason, hint, details)

    def _take(self, pair: Pair) -> None:
        """Plan one dataset, or note why it is left as it is."""
        for end in (pair.source, pair.target):
            if end.damaged:
                raise Damaged(operation="read", target=end.name, reason=end.damaged)
        if not pair.target.exists:
            check_dataset(pair.target.name, creating=True)
        self._check_parent(pair)
        if pair.target.snapshots:  # only what is continued builds on what came before
            pair = replace(pair, source=lineage(pair.source, self._ends))
        changes = settle_bookmarks(pair.source, pair.target)
        # Those that a promotion has carried off may still be bases of this very run.
        own = tuple(n for n in changes.drop if n.startswith(f"{pair.source.name}#"))
        changes = replace(changes, drop=own)
        settled = replace(pair, source=changes.applied_to(pair.source))
        self._completion.check_mark(pair)
        begun = self._begun_in_place(pair)
        if begun is not None:
            self._add(pair, self._completion.complete(pair, begun, self._plans))
            return
        decided, target = self._decide(settled)
        choices = self._choices
        if isinstance(decided, Transfer):
            plan = DatasetPlan(
                settled.source,
                target,
                decided,
                bookmarks=changes,
                left_aside=self._left_aside(target),
            )
        elif not pair.source.snapshots and self._is_parent(pair.source):
            plan = self._parent(pair)
        elif choices.keep_aside:
            plan = self._beside(pair, target, decided)
        elif choices.recursive:
            self._refuse(pair, decided.reason, decided.tree_hint, decided.to_dict())
            return
        elif choices.lose and not self._receiving.forces:
            raise forced_error(self._receiving.host, target.name)
        else:
            transfer = over(
                settled.source,
                target,
                decided,
                choices.lose,
                every=choices.every,
                raw=choices.raw,
            )
            plan = DatasetPlan(
                settled.source,
                target,
                transfer,
                bookmarks=changes,
                losing=tuple(choices.lose),
            )
        if brings_key(plan.transfer, plan.target):
            self._check_key(pair)
        self._add(pair, self._completion.complete(pair, plan, self._plans))

    def _check_key(self, pair: Pair) -> None:
        """Refuse a raw stream that would leave a copy without the key that opens it."""
        source, target = pair.source, pair.target
        if is_opened_alike(source, target):
            return
        for plan in self._plans.values():
            if plan.target.name == target.key_root and has_same_key(
                source, plan.source, plan.target, sent=bool(plan.transfer.steps)
            ):
                return
        roots: list[End | None] = []
        for side, end in ((self._sending, source), (self._receiving, target)):
            found: list[End] = []
            with suppress(NotPermitted):  # a key that shows no more than the dataset
                found = side.ends(end.key_root)
            roots.append(found[0] if found else None)
        if not has_same_key(source, *roots):
            raise closed_for_good(source, target)

    def _check_parent(self, pair: Pair) -> None:
        """Refuse a dataset whose target would have no parent."""
        parent = parent_of(pair.source.name)
        refused = self._refused.get(parent or "")
        if refused is not None and not self._pairs[refused.source].target.exists:
            raise PlanError(f"its parent '{refused.target}' is not made")

    def _decide(self, pair: Pair) -> tuple[Transfer | Refusal, End]:
        """Decide the transfer; return the target with all that a refusal needs of it."""
        source, target, choices = pair.source, pair.target, self._choices
        origin = source.origin
        if not target.snapshots and origin is not None and origin.guid not in self._copies:
            refused = self._refused.get(origin.dataset)
            if refused is not None:
                raise PlanError(
                    f"it is a clone of '{origin.name}', which does not arrive",
                    hint=f"see the reason for '{refused.source}'",
                )
        decided = decide_transfer(
            source,
            target,
            raw=choices.raw,
            every=choices.every,
            origins=self._copies,
            needed=self._origins,
        )
        if isinstance(decided, Diverged) and decided.victims:
            # Whether the snapshots in the way hold any change is slow to read.
            now = target.renamed(self._present_name(target.name))
            target = self._receiving.with_properties(now).renamed(target.name)
            decided = decide_transfer(source, target, raw=choices.raw, every=choices.every)
        if isinstance(decided, (Diverged, NoCommonBase)) and not self._receiving.forces:
            decided = replace(decided, forcible=False)
        return decided, target

    def _is_parent(self, source: End) -> bool:
        """Tell whether other datasets of the tree lie below a filesystem."""
        below = f"{source.name}/"
        filesystem = source.kind == "filesystem"
        return filesystem and any(name.startswith(below) for name in self._pairs)

    def _parent(self, pair: Pair) -> DatasetPlan:
        """Plan a target without data, below which others find their place."""
        transfer = Transfer(pair.source.name, pair.target.name)
        if pair.target.exists:
            return DatasetPlan(pair.source, pair.target, transfer)
        mark = placeholder_mark(pair.source.guid)
        values = {**PLACEHOLDER, REPLICA_PROPERTY: mark}
        return DatasetPlan(
            pair.source,
            pair.target,
            transfer,
            arrival=Arrival(values, {}, (), {}),
            placeholder=True,
        )

    def _begun_in_place(self, pair: Pair) -> DatasetPlan | None:
        """Plan a target that an earlier run was to put in the place of another one."""
        name = pair.target.name
        aside = self._unfinished.asides.get(name)
        if aside is None or pair.target.snapshots:
            return None
        transfer = in_place_of(pair.source, aside, pair.target, every=self._choices.every)
        if transfer.up_to_date:
            return None
        returning = self._unfinished.returning[name]
        return DatasetPlan(
            pair.source,
            pair.target,
            transfer,
            left_aside=aside.name,
            returning=returning,
        )

    def _left_aside(self, target: End) -> str:
        """Return the dataset aside whose older snapshots a target has yet to get."""
        origin = target.origin
        if origin is None or aside_of(origin.dataset) != target.name:
            return ""
        taken = {snapshot.short_name for snapshot in target.snapshots}
        for aside in self._receiving.ends(origin.dataset):
            older = [s for s in aside.snapshots if s.createtxg <= origin.createtxg]
            if taken & {snapshot.short_name for snapshot in older}:
                return ""  # it stays a clone: a name would be there twice
        return origin.dataset

    def _beside(self, pair: Pair, target: End, refusal: Refusal) -> DatasetPlan:
        """Plan a new target beside one that is kept."""
        name = target.name
        aside = aside_name(name, utc_stamp(datetime.now(UTC)))
        with suppress(NotPermitted):  # a key that shows no more than the target
            if self._receiving.ends(aside):
                aside += f"-{target.guid:x}"  # of a run within the same second
        transfer = beside(
            pair.source,
            target,
            refusal,
            aside,
            every=self._choices.every,
            raw=self._choices.raw,
            origins=self._copies,
        )
        root = target.key_root if isinstance(refusal, Diverged) else ""
        return DatasetPlan(
            pair.source,
            # The new one takes the number, by which the source knows its copy.
            replace(missing_end(name), replica=target.replica),
            transfer,
            aside=aside,
            returning=tuple(self._returning(name, aside, root)),
        )

    def _returning(self, name: str, aside: str, key_root: str) -> Iterator[Move]:
        """Yield the moves that give the datasets below one their names back.

        What came aside before stays below it where ZFS does not let it go.

        Args:
            name: The target.
            aside: The name that it is given.
            key_root: Name of the dataset whose key opens what takes its place; or empty.

        Raises:
            PlanError: A copy below it cannot leave it.
        """
        targets = self._pairing.targets
        if not self._choices.recursive:  # only the root was read
            targets = tuple(self._receiving.ends(name, recursive=True))
        copies = {pair.target.name for pair in self._pairing.pairs}
        for below in (target for target in targets if parent_of(target.name) == name):
            if can_leave(below, self._present_name(below.name), key_root):
                yield Move(f"{aside}{below.name[len(name) :]}", below.name)
            elif below.name in copies or (below.replica is not None and not below.aside):
                raise PlanError(
                    f"cannot put '{name}' aside: '{below.name}' below it is opened by the "
                    f"key of '{below.key_root}', and ZFS does not let it leave that",
                    hint=f"`zfs change-key {for_shell(below.name)}` gives it a key of its "
                    "own, or choose another target",
                )

    def _add(self, pair: Pair, plan: DatasetPlan) -> None:
        """Keep a plan, and the snapshots that its streams make for later clones."""
        self._plans[pair.source.name] = plan
        for step in plan.transfer.steps:
            if isinstance(step, Abort) or step.snapshot.guid not in self._origins:
                continue
            sent = step.snapshot
            # A plain stream is not encrypted with the source's key, wherever it arrives.
            properties = sent.properties if step.raw else _NOT_ENCRYPTED
            copy = Snapshot(step.received, sent.guid, sent.createtxg, 0, properties)
            self._copies.setdefault(sent.guid, copy)


def _circle(other: str) -> PlanError:
    return PlanError(
        f"'{other}' has to be received before it, and after it: one of them is a clone",
        hint=f"`zfs promote` on the source ends that; see `zfs get origin {other}`",
    )
