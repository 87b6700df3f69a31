"""Options and changes of ``zfstune schedule`` that say where datasets are replicated to."""

from __future__ import annotations

from zfstune.schedules.replicate_to import Sending, format_targets
from zfstune.schedules.schedule import set_schedule, set_sending
from zfstune.streams.selection import read_filter
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import (
    REPLICATE_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
)
from zfstune.values.replication_marks import UNSENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.schedules.schedule import Scheduled

__all__ = ["StoredChanges", "add_replication", "stored_changes", "with_replication"]


def add_replication(parser: Any, what: str) -> None:
    """Add the options that say where datasets are replicated to, and how."""
    parser.add_argument(
        "--replicate", metavar="TARGET", action="append", default=[], help=what
    )
    parser.add_argument(
        "--properties",
        dest="take_properties",
        action="store_true",
        help="with --replicate: as for `zfstune replicate --properties`",
    )
    parser.add_argument(
        "--exclude-property",
        metavar="PROPERTY[=VALUE]",
        action="append",
        default=[],
        help="with --replicate: as for `zfstune replicate --exclude-property`; may be "
        "repeated",
    )


def with_replication(
    args: argparse.Namespace, schedules: list[Scheduled], *, none: bool = False
) -> list[Scheduled]:
    """Give schedules the targets of a command line with their options, or neither.

    Without targets a schedule keeps those that it has, and their options.

    Args:
        args: The command line.
        schedules: The schedules.
        none: Take the targets away.

    Raises:
        InvalidProperty, InvalidValue: A property to leave datasets out by makes no sense.
    """
    if not args.replicate:
        for option in ("take_properties", "exclude_property"):
            if getattr(args, option):
                word = option.removeprefix("take_").replace("_", "-")
                args.refuse(f"--{word} goes with --replicate TARGET")
        if not none:
            return schedules
    if args.replicate and len(schedules) > 1:
        args.refuse("--replicate goes with one DATASET")
    for text in args.exclude_property:
        read_filter(text)
    sending = Sending(args.take_properties, tuple(args.exclude_property))
    return [
        replace(s, replicates_to=tuple(args.replicate), replicates_with=sending.text)
        for s in schedules
    ]


@frozen
class StoredChanges:
    """The values that datasets are to get; an empty text stands for one that goes.

    Attributes:
        schedules: The schedule by dataset.
        targets: The targets by dataset.
        options: The options by dataset that these are sent with.
    """

    schedules: Mapping[str, str]
    targets: Mapping[str, str]
    options: Mapping[str, str]

    def carry_out(self, engine: Engine) -> None:
        """Store all of them."""
        for dataset, every in self.schedules.items():
            set_schedule(engine, dataset, every)
        sent = {REPLICATE_PROPERTY: self.targets, REPLICATE_WITH_PROPERTY: self.options}
        for dataset in dict.fromkeys((*self.targets, *self.options)):
            values = {prop: new[dataset] for prop, new in sent.items() if dataset in new}
            set_sending(engine, dataset, values)

    def lines(self, prefix: str = "") -> Iterator[str]:
        """Yield the changes for people."""
        for prop, values in (
            (SCHEDULE_PROPERTY, self.schedules),
            (REPLICATE_PROPERTY, self.targets),
            (REPLICATE_WITH_PROPERTY, self.options),
        ):
            for dataset, text in values.items():
                verb = f"set {prop}={text}" if text else f"inherit {prop}"
                yield f"{prefix}{verb} on {dataset}"

    def to_dict(self) -> dict[str, object]:
        """Return the changes in JSON's types."""
        return {
            "schedules": [{"dataset": n, "every": t} for n, t in self.schedules.items()],
            "targets": [
                {"dataset": n, "replicate_to": t or None} for n, t in self.targets.items()
            ],
            "options": [
                {"dataset": n, "replicate_with": t or None} for n, t in self.options.items()
            ],
        }


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
