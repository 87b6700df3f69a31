"""``zfstune schedule set``: store a schedule on datasets, and write no units."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_examples, add_json, print_json, warn
from zfstune.cli.schedule_show import warn_of_misfits
from zfstune.cli.which_zfs import open_zfs
from zfstune.schedules.replicate_to import format_targets
from zfstune.schedules.schedule import set_schedule, set_targets, targets
from zfstune.values.frozen import replace
from zfstune.values.marks import REPLICATE_PROPERTY, SCHEDULE_PROPERTY
from zfstune.values.replication_marks import UNSENT
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_set", "changed_values"]


def add_set(actions: Any) -> None:
    """Add the action and its options."""
    setting = actions.add_parser(
        "set",
        help="store a schedule on datasets, and write no units",
        description="Store on datasets how often snapshots of them are taken, and where to "
        "they are replicated. Nothing else changes: `zfstune schedule install` writes "
        "timers by it, and `zfstune schedule run` needs none.",
    )
    add_examples(
        setting,
        "zfstune schedule set tank/home --every hourly",
        "zfstune schedule set tank/home --every daily@02:05 --replicate backup:tank/home",
    )
    setting.add_argument("datasets", nargs="+", metavar="DATASET")
    setting.add_argument(
        "--every",
        required=True,
        metavar="WHEN",
        help="15m, hourly, 4h, daily, daily@02:05, weekly or monthly, in the zone of the "
        "policy",
    )
    setting.add_argument(
        "--replicate",
        metavar="TARGET",
        action="append",
        help="also send the dataset to TARGET; may be repeated (default: what is stored)",
    )
    setting.add_argument(
        "-n", "--dry-run", action="store_true", help="show the values and store nothing"
    )
    add_json(setting)
    setting.set_defaults(run=_set, refuse=setting.error)


def changed_values(engine: Any, prop: str, wanted: dict[str, str]) -> dict[str, str]:
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


def _set(args: argparse.Namespace) -> int:
    if args.replicate and len(args.datasets) > 1:
        args.refuse("--replicate goes with one DATASET")
    with open_zfs(args) as engine:
        schedules = targets(engine, args.datasets, args.every, needs_policy=False)
        if args.replicate:
            schedules = [
                replace(each, replicates_to=tuple(args.replicate)) for each in schedules
            ]
        every = {each.dataset: str(each.cadence) for each in schedules}
        sent_to = {each.dataset: format_targets(each.replicates_to) for each in schedules}
        changes = changed_values(engine, SCHEDULE_PROPERTY, every)
        retargeted = changed_values(engine, REPLICATE_PROPERTY, sent_to)
        if not args.dry_run:
            for dataset, text in changes.items():
                set_schedule(engine, dataset, text)
            for dataset, text in retargeted.items():
                set_targets(engine, dataset, text)
    if args.json:
        print_json(
            {
                "schedules": [{"dataset": n, "every": t} for n, t in changes.items()],
                "targets": [
                    {"dataset": n, "replicate_to": t} for n, t in retargeted.items()
                ],
                "dry_run": args.dry_run,
            }
        )
        return exit_status.DONE
    would = "would " if args.dry_run else ""
    for prop, values in ((SCHEDULE_PROPERTY, changes), (REPLICATE_PROPERTY, retargeted)):
        for dataset, text in values.items():
            print(f"{would}set {prop}={text} on {dataset}")
    if not (changes or retargeted):
        print("nothing to do: it is stored like that already")
    warn_of_misfits(schedules)
    if changes and not args.dry_run:
        names = " ".join(map(for_shell, changes))
        warn(
            "no timer was written or changed",
            f"zfstune schedule install {names}; or `zfstune schedule run`, without systemd",
        )
    return exit_status.DONE
