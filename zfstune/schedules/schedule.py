"""Scheduled snapshots: find the datasets that have a schedule or could have one.

A dataset has a schedule if :data:`zfstune.values.marks.SCHEDULE_PROPERTY` is set on
itself. Datasets below it are taken along at the same instant, unless the property is set
on them too. A schedule that came with a received stream counts for nothing.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC

from zfstune.engine.open import using
from zfstune.engine.pools import datasets_below
from zfstune.retention.policy_text import format_policy
from zfstune.retention.rule_kinds import Never
from zfstune.retention.store import stored_policies, zone
from zfstune.schedules.cadence import NO_SCHEDULE, parse_cadence
from zfstune.schedules.policy_fit import covers_own, policy_command
from zfstune.schedules.replicate_to import stored_targets
from zfstune.schedules.unit_text import JOBS
from zfstune.values import names
from zfstune.values.errors import NotFound, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.marks import (
    POLICY_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
    set_here_on,
)
from zfstune.values.state import INHERITED, damage_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from zfstune.engine.protocol import Engine
    from zfstune.retention.policy import Policy
    from zfstune.schedules.cadence import Cadence
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset


__all__ = [
    "Scheduled",
    "apart_from",
    "list_schedules",
    "members",
    "scheduled",
    "taken_along_with",
    "targets",
    "with_schedule",
]


@frozen
class Scheduled:
    """A dataset that has a schedule.

    Attributes:
        dataset: Its full name.
        cadence: How often snapshots are taken.
        members: The dataset and those below that are taken along.
        policy: The policy of its snapshots; None: none is stored.
        guid: ZFS' own number of the dataset.
        below: The members below it that have a policy of their own, with that policy.
        replicates_to: The targets that it is replicated to.
        replicates_with: The options of that, as they are stored.
    """

    dataset: str
    cadence: Cadence
    members: tuple[str, ...]
    policy: Policy | None
    guid: int
    below: tuple[tuple[str, Policy], ...] = ()
    replicates_to: tuple[str, ...] = ()
    replicates_with: str = ""

    @property
    def policies(self) -> tuple[tuple[str, Policy], ...]:
        """The policies that its snapshots are pruned by, each with its dataset."""
        own = () if self.policy is None else ((self.dataset, self.policy),)
        return (*own, *self.below)

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that there are for it, in the order in which they are done."""
        done = {"replicate": bool(self.replicates_to), "prune": self.prunes}
        return tuple(job for job in JOBS if done.get(job, True))

    def zone(self) -> tzinfo:
        """Load the zone that its times are meant in: that of its policy, else UTC.

        Raises:
            PolicyError: This system knows no such zone.
        """
        if self.policy is None:
            return UTC
        return zone(self.policy)

    @property
    def prunes(self) -> bool:
        """Whether its policy ever lets a snapshot go."""
        rules = () if self.policy is None else self.policy.rules
        return any(rule != Never() for rule in rules)


def scheduled(
    engine: Engine,
    datasets: Iterable[str] = (),
    *,
    faults: list[ZfstuneError] | None = None,
) -> list[Scheduled]:
    """List the datasets that have a schedule, sorted by name.

    Args:
        engine: Reads the datasets.
        datasets: Roots of the trees to look at; default: all pools.
        faults: Receives the errors of datasets that cannot be read, so that the others
            still count; None: the first error is raised.

    Raises:
        PolicyError: A schedule or policy cannot be read; the message names the dataset.
        Damaged: A dataset is damaged on disk.
    """
    tree = datasets_below(engine, datasets)
    if faults is not None:
        damaged = [each for each in tree.values() if each.damaged]
        faults += map(damage_of, damaged)
        for each in damaged:
            del tree[each.name]
    schedules = []
    for name, dataset in sorted(tree.items()):
        if not _has_schedule(dataset):
            continue
        try:
            stored = stored_policies(engine, [dataset], allow_zero=True).get(name)
            policy = None if stored is None else stored.policy
            cadence = _cadence(dataset)
        except PolicyError as error:
            if faults is None:
                raise
            faults.append(error)
            continue
        schedules.append(_scheduled(engine, dataset, cadence, policy, tree))
    return schedules


def with_schedule(engine: Engine) -> list[str]:
    """List the datasets of all pools that have a schedule, even if it is no cadence."""
    return [
        name for name, dataset in datasets_below(engine).items() if _has_schedule(dataset)
    ]


def targets(
    engine: Engine, datasets: Iterable[str], every: str | None, *, needs_policy: bool
) -> list[Scheduled]:
    """Return the datasets that are named, as they will be once they are scheduled.

    Args:
        engine: Reads the datasets.
        datasets: Full names.
        every: The cadence as text; None: the cadence that is stored on each dataset.
        needs_policy: Refuse a dataset whose snapshots would never be pruned.

    Raises:
        PolicyError: A dataset has no schedule, or no policy.
        NotFound: A dataset does not exist.
    """
    given = None if every is None else parse_cadence(every)
    if every is not None and given is None:
        listed = " ".join(map(for_shell, datasets))
        raise PolicyError(
            "cannot schedule 'none': that is no schedule",
            hint=f"to remove schedules: zfstune schedule remove {listed}",
        )
    chosen = []
    for name in dict.fromkeys(datasets):
        try:
            below = {each.name: each for each in engine.datasets(names.check_dataset(name))}
        except NotFound as error:
            error.hint = (
                "create the dataset first: `zfstune apply` with its profile or role"
            )
            raise
        own = below[name]
        if given is None and not _has_schedule(own):
            above = taken_along_with(engine, own)
            reason = "it has no schedule, and no interval was given"
            if above:
                reason = f"the schedule of '{above}' takes it along"
            raise PolicyError(
                f"cannot schedule '{name}': {reason}",
                hint="give an interval of its own, as in --every hourly",
            )
        cadence = given or _cadence(own)
        stored = stored_policies(engine, [own]).get(name)
        policy = None if stored is None else stored.policy
        if needs_policy and (policy is None or not covers_own(policy)):
            raise _uncovered(name, cadence, policy)
        chosen.append(_scheduled(engine, own, cadence, policy, below))
        for member, its_policy in chosen[-1].below:
            if needs_policy and not covers_own(its_policy):
                raise _uncovered(member, cadence, its_policy)
    return chosen


def _scheduled(
    engine: Engine,
    dataset: Dataset,
    cadence: Cadence,
    policy: Policy | None,
    tree: Mapping[str, Dataset],
) -> Scheduled:
    along = members(dataset.name, tree)
    below = []
    for name in along:
        if name != dataset.name and tree[name].local(POLICY_PROPERTY) is not None:
            # A policy that cannot be read stops no snapshots; a prune reports it.
            with suppress(PolicyError):
                stored = stored_policies(engine, [tree[name]], allow_zero=True)
                below.append((name, stored[name].policy))
    return Scheduled(
        dataset.name,
        cadence,
        along,
        policy,
        dataset.guid,
        tuple(below),
        stored_targets(dataset),
        dataset.local(REPLICATE_WITH_PROPERTY) or "",
    )


def _uncovered(name: str, cadence: Cadence, policy: Policy | None) -> PolicyError:
    """Make the error for snapshots that no rule covers, with a policy that would."""
    reason = "no policy says which of them stay"
    if policy is not None:
        reason = (
            f"the policy '{format_policy(policy)}' has no rule for the names that zfstune "
            "gives"
        )
    return PolicyError(
        f"cannot schedule '{name}': its snapshots would pile up: {reason}",
        hint=f"store a policy: {policy_command(name, cadence, policy)}\n"
        "or keep all snapshots: add --no-prune",
    )


def taken_along_with(engine: Engine, dataset: Dataset) -> str:
    """Name the dataset above whose schedule takes this one along; empty: there is none."""
    value = dataset.properties.get(SCHEDULE_PROPERTY)
    if value is None or value.source != INHERITED or value.value == NO_SCHEDULE:
        return ""
    return set_here_on(dataset, SCHEDULE_PROPERTY, engine.dataset)


def apart_from(root: str, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    """List the datasets below one that have a schedule of their own, or say none."""
    return tuple(
        name
        for name, each in datasets.items()
        if name.startswith(f"{root}/") and each.local(SCHEDULE_PROPERTY) is not None
    )


def members(root: str, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    """List a dataset and those below it that have no schedule of their own."""
    apart = apart_from(root, datasets)
    return tuple(
        name
        for name in datasets
        if (name == root or name.startswith(root + "/"))
        and not any(above in apart for above in (name, *names.ancestors_of(name)))
    )


def list_schedules(*datasets: str, engine: Engine | None = None) -> tuple[Scheduled, ...]:
    """List the datasets that have a schedule, by name.

    Args:
        datasets: Full names, each with all below it; default: all of all pools.
        engine: Default: the running kernel's ZFS.

    Raises:
        PolicyError: A schedule or policy cannot be read; the message names the dataset.
        EngineError: A dataset does not exist, or ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        return tuple(scheduled(zfs, datasets))


def _has_schedule(dataset: Dataset) -> bool:
    return dataset.local(SCHEDULE_PROPERTY) not in (None, NO_SCHEDULE)


def _cadence(dataset: Dataset) -> Cadence:
    text = dataset.local(SCHEDULE_PROPERTY) or ""
    try:
        cadence = parse_cadence(text)
    except PolicyError as error:
        raise PolicyError(
            f"cannot follow the schedule of '{dataset.name}': {error.message}",
            hint=error.hint,
        ) from None
    assert cadence is not None  # noqa: S101 (callers ask only where the value is not none)
    return cadence
