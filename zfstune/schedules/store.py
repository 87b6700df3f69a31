"""Store on datasets how often snapshots are taken, and where they are sent to."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.schedules.cadence import parse_cadence
from zfstune.schedules.replicate_to import format_targets
from zfstune.schedules.stored_changes import StoredChanges
from zfstune.values.marks import (
    REPLICATE_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
)
from zfstune.values.replication_marks import UNSENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from zfstune.engine.protocol import Engine
    from zfstune.schedules.schedule import Scheduled

__all__ = ["set_schedule", "store_changes", "store_schedule", "stored_changes"]


def store_schedule(dataset: str, every: str, *, engine: Engine | None = None) -> None:
    """Store on a dataset how often snapshots of it are taken; write no timers.

    Args:
        dataset: Its full name.
        every: As in ``15m``, ``hourly``, ``daily@02:05``; ``none``: no snapshots, not
            even with those of a dataset above.
        engine: Default: the running kernel's ZFS.

    Raises:
        PolicyError: `every` is none of these.
        EngineError: ZFS refused.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        set_schedule(zfs, dataset, every)


def set_schedule(engine: Engine, dataset: str, every: str) -> None:
    """Store a cadence on a dataset; ``none`` also keeps it from being taken along.

    Raises:
        PolicyError: `every` is no cadence.
        EngineError: ZFS refused.
    """
    parse_cadence(every)
    if engine.dataset(dataset).local(SCHEDULE_PROPERTY) != every:
        engine.set(dataset, {SCHEDULE_PROPERTY: every})


def set_sending(engine: Engine, dataset: str, values: Mapping[str, str]) -> None:
    """Store how a schedule replicates a dataset.

    All is set in one step, and what is removed goes in order, targets first: a run in
    between must not send what the options leave out.

    Args:
        engine: Reads and writes the dataset.
        dataset: Its full name.
        values: Text by property, the targets before the options; an empty text removes it.

    Raises:
        EngineError: ZFS refused.
    """
    stored = engine.dataset(dataset)
    wanted = {prop: text for prop, text in values.items() if stored.local(prop) != text}
    if given := {prop: text for prop, text in wanted.items() if text}:
        engine.set(dataset, given)
    for prop, text in wanted.items():
        if not text and stored.local(prop) is not None:
            engine.inherit(dataset, prop)


def stored_changes(
    engine: Engine,
    schedules: Sequence[Scheduled] = (),
    *,
    unscheduled: Mapping[str, str] | None = None,
    unsent: Collection[str] = (),
) -> StoredChanges:
    """Return what differs from what datasets have stored.

    Args:
        engine: Reads the datasets.
        schedules: The schedules that they are to have.
        unscheduled: The texts that are no schedule, by dataset.
        unsent: Datasets that are to have no targets.
    """
    every = {each.dataset: str(each.cadence) for each in schedules}
    none = dict.fromkeys(unsent, "")
    sent_to = {each.dataset: format_targets(each.replicates_to) for each in schedules}
    sent_with = {each.dataset: each.replicates_with for each in schedules}
    return StoredChanges(
        _changed(engine, SCHEDULE_PROPERTY, every | dict(unscheduled or {})),
        _changed(engine, REPLICATE_PROPERTY, sent_to | none),
        _changed(engine, REPLICATE_WITH_PROPERTY, sent_with | none),
    )


def store_changes(engine: Engine, changes: StoredChanges) -> None:
    """Store all of these changes.

    Raises:
        EngineError: ZFS refused; what stood before it is stored.
    """
    for dataset, every in changes.schedules.items():
        set_schedule(engine, dataset, every)
    sent = {REPLICATE_PROPERTY: changes.targets, REPLICATE_WITH_PROPERTY: changes.options}
    for dataset in dict.fromkeys((*changes.targets, *changes.options)):
        values = {prop: new[dataset] for prop, new in sent.items() if dataset in new}
        set_sending(engine, dataset, values)


def _changed(engine: Engine, prop: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted values that differ from the stored ones, by dataset.

    A dataset that says itself that it is sent with no tree has no targets, and stays so.
    """
    stored = {dataset: engine.dataset(dataset).local(prop) or "" for dataset in wanted}
    none = UNSENT if prop == REPLICATE_PROPERTY else ""
    return {
        dataset: text
        for dataset, text in wanted.items()
        if stored[dataset] != text and (text or stored[dataset] != none)
    }
