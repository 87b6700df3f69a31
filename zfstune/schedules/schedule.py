"""Scheduled snapshots: which datasets have a schedule, and which could have one.

A dataset has a schedule where :data:`zfstune.values.marks.SCHEDULE_PROPERTY` is set on
itself; those below it are taken along at the same instant, unless they say something
of their own. One that came with a received stream counts for nothing.
"""

from __future__ import annotations

from contextlib import suppress

from zfstune.engine.pools import datasets_below
from zfstune.retention.policy import Never
from zfstune.retention.policy_text import format_policy
from zfstune.retention.store import stored_policies, zone
from zfstune.schedules.cadence import NONE, parse_cadence
from zfstune.schedules.policy_fit import covers_own, policy_command
from zfstune.values import names
from zfstune.values.errors import NotFound, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.marks import POLICY_PROPERTY, SCHEDULE_PROPERTY, set_here_on
from zfstune.values.state import INHERITED, damage_of

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
    "members",
    "scheduled",
    "set_schedule",
    "taken_along_with",
    "targets",
    "with_schedule",
]


@frozen
class Scheduled:
    """A dataset that has a schedule.

    Attributes:
        dataset: Its full name.
        cadence: How often.
        members: It and those below that are taken along.
        policy: What stays of its snapshots, None: nobody said.
        guid: ZFS' own number of the dataset.
        below: Those of the members below it that have a policy of their own, with it.
    """

    dataset: str
    cadence: Cadence
    members: tuple[str, ...]
    policy: Policy | None
    guid: int
    below: tuple[tuple[str, Policy], ...] = ()

    @property
    def policies(self) -> tuple[tuple[str, Policy], ...]:
        """The policies that its snapshots are kept by, each with whose it is."""
        own = () if self.policy is None else ((self.dataset, self.policy),)
        return (*own, *self.below)

    def zone(self) -> tzinfo:
        """Load the zone that its times are meant in: its policy's, else UTC.

        Raises:
            PolicyError: This system knows no such zone.
        """
        if self.policy is None:
            from datetime import UTC  # noqa: PLC0415 (as in policies.zone)

            return UTC
        return zone(self.policy)

    @property
    def prunes(self) -> bool:
        """Whether anything is ever to go."""
        rules = () if self.policy is None else self.policy.rules
        return any(rule != Never() for rule in rules)


def scheduled(
    engine: Engine,
    datasets: Iterable[str] = (),
    *,
    faults: list[ZfstuneError] | None = None,
) -> list[Scheduled]:
    """Give those that have a schedule, by name.

    Args:
        engine: Whose.
        datasets: These and those below them; default: all of all pools.
        faults: Gets what cannot be read, so that the others still count.

    Raises:
        PolicyError: A schedule or policy cannot be read; the message names whose.
        Damaged: A dataset is damaged on disk.
    """
    found = datasets_below(engine, datasets)
    if faults is not None:
        damaged = [each for each in found.values() if each.damaged]
        faults += map(damage_of, damaged)
        for each in damaged:
            del found[each.name]
    ruled = {
        name: each
        for name, each in found.items()
        if each.local(SCHEDULE_PROPERTY) not in (None, NONE)
    }
    schedules = []
    for name, each in sorted(ruled.items()):
        try:
            stored = stored_policies(engine, [each], allow_zero=True).get(name)
            policy = None if stored is None else stored.policy
            cadence = _cadence(each)
        except PolicyError as error:
            if faults is None:
                raise
            faults.append(error)
            continue
        schedules.append(_scheduled(engine, each, cadence, policy, found))
    return schedules


def with_schedule(engine: Engine) -> list[str]:
    """Give the datasets of all pools that have a schedule, also one nobody can read."""
    return [
        name
        for name, each in datasets_below(engine).items()
        if each.local(SCHEDULE_PROPERTY) not in (None, NONE)
    ]


def targets(
    engine: Engine, datasets: Iterable[str], every: str | None, *, needs_policy: bool
) -> list[Scheduled]:
    """Give what is to be scheduled of the datasets named, each as it would be.

    Args:
        engine: Whose.
        datasets: Full names.
        every: How often; None: as is stored on each.
        needs_policy: Refuse those of which nobody said what is to stay.

    Raises:
        PolicyError: One has no schedule, or no policy.
        NotFound: One does not exist.
    """
    given = None if every is None else parse_cadence(every)
    if every is not None and given is None:
        raise PolicyError(
            "cannot schedule 'none': that is no schedule",
            hint="to take one back: zfstune schedule remove DATASET",
        )
    found = []
    for name in dict.fromkeys(datasets):
        try:
            below = {each.name: each for each in engine.datasets(names.check_dataset(name))}
        except NotFound as error:
            error.hint = "make it first: `zfstune apply` with its profile or role"
            raise
        own = below[name]
        if given is None and own.local(SCHEDULE_PROPERTY) in (None, NONE):
            above = taken_along_with(engine, own)
            reason = (
                f"it is taken along with '{above}'" if above else "nobody said how often"
            )
            raise PolicyError(
                f"cannot schedule '{name}': {reason}",
                hint="say how often, as in --every hourly",
            )
        cadence = given or _cadence(own)
        stored = stored_policies(engine, [own]).get(name)
        policy = None if stored is None else stored.policy
        if needs_policy and (policy is None or not covers_own(policy)):
            raise _uncovered(name, cadence, policy)
        found.append(_scheduled(engine, own, cadence, policy, below))
        for each, below_it in found[-1].below:
            if needs_policy and not covers_own(below_it):
                raise _uncovered(each, cadence, below_it)
    return found


def _scheduled(
    engine: Engine,
    dataset: Dataset,
    cadence: Cadence,
    policy: Policy | None,
    found: Mapping[str, Dataset],
) -> Scheduled:
    along = members(dataset.name, found)
    below = []
    for name in along:
        if name != dataset.name and found[name].local(POLICY_PROPERTY) is not None:
            # one that cannot be read stops no snapshots; a prune says what is wrong
            with suppress(PolicyError):
                stored = stored_policies(engine, [found[name]], allow_zero=True)
                below.append((name, stored[name].policy))
    return Scheduled(dataset.name, cadence, along, policy, dataset.guid, tuple(below))


def _uncovered(name: str, cadence: Cadence, policy: Policy | None) -> PolicyError:
    """Say that no rule speaks of what a schedule takes, and what would."""
    reason = "no policy says what stays"
    if policy is not None:
        reason = (
            f"the policy '{format_policy(policy)}' does not speak of the names that "
            "zfstune gives"
        )
    return PolicyError(
        f"cannot schedule '{name}': its snapshots would pile up: {reason}",
        hint=f"say what stays: {policy_command(name, cadence, policy)}\n"
        "or let them pile up, with --no-prune",
    )


def taken_along_with(engine: Engine, dataset: Dataset) -> str:
    """Give the dataset above, if any, whose schedule takes this one along."""
    value = dataset.properties.get(SCHEDULE_PROPERTY)
    if value is None or value.source != INHERITED or value.value == NONE:
        return ""
    return set_here_on(dataset, SCHEDULE_PROPERTY, engine.dataset)


def members(root: str, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    """Give a dataset and those below it that have no schedule of their own."""
    apart = {
        name
        for name, each in datasets.items()
        if name != root and each.local(SCHEDULE_PROPERTY) is not None
    }
    return tuple(
        name
        for name in datasets
        if (name == root or name.startswith(root + "/"))
        and not any(
            above in apart and above.startswith(root + "/")
            for above in (name, *names.ancestors_of(name))
        )
    )


def set_schedule(engine: Engine, dataset: str, every: str) -> None:
    """Store on a dataset how often; ``none`` leaves it out of those above, too.

    Raises:
        PolicyError: That says nothing.
        EngineError: ZFS refused.
    """
    parse_cadence(every)
    if engine.dataset(dataset).local(SCHEDULE_PROPERTY) != every:
        engine.set(dataset, {SCHEDULE_PROPERTY: every})


def _cadence(dataset: Dataset) -> Cadence:
    text = dataset.local(SCHEDULE_PROPERTY) or ""
    try:
        cadence = parse_cadence(text)
    except PolicyError as error:
        raise PolicyError(
            f"cannot follow the schedule of '{dataset.name}': {error.message}",
            hint=error.hint,
        ) from None
    assert cadence is not None  # noqa: S101 (for the type checker: asked only where one is)
    return cadence
