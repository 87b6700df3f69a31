"""``zfstune schedule set``: store a schedule on datasets, and write no units."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, warn
from zfstune.cli.schedule_replication import add_replication, with_replication
from zfstune.cli.schedule_show import warn_of_misfits
from zfstune.cli.which_zfs import open_zfs
from zfstune.schedules.schedule import targets
from zfstune.schedules.store import store_changes, stored_changes
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_set"]


def add_set(actions: Any) -> None:
    """Add the action and its options."""
    setting = actions.add_parser(
        "set",
        help="store a schedule on datasets, and write no units",
        description="Store on datasets how often snapshots of them are taken, and where to "
        "they are replicated. Nothing else changes: `zfstune schedule install` writes "
        "timers by it, and `zfstune schedule run` needs none.",
    )
    setting.add_argument("datasets", nargs="+", metavar="DATASET")
    setting.add_argument(
        "--every",
        required=True,
        metavar="WHEN",
        help="15m, hourly, 4h, daily, daily@02:05, weekly or monthly, in the zone of the "
        "policy",
    )
    add_replication(
        setting,
        "also send the dataset to TARGET; may be repeated (default: what is stored)",
    )
    setting.add_argument(
        "--no-replicate",
        action="store_true",
        help="send nothing any more; the targets stay as they are",
    )
    setting.add_argument(
        "-n", "--dry-run", action="store_true", help="show the values and store nothing"
    )
    add_json(setting)
    setting.set_defaults(run=_set, refuse=setting.error)


def _set(args: argparse.Namespace) -> int:
    if args.replicate and args.no_replicate:
        args.refuse("--no-replicate goes without --replicate")
    with open_zfs(args) as engine:
        schedules = targets(engine, args.datasets, args.every, needs_policy=False)
        schedules = with_replication(args, schedules, none=args.no_replicate)
        changes = stored_changes(engine, schedules)
        if not args.dry_run:
            store_changes(engine, changes)
    if args.json:
        print_json(changes.to_dict(), changed=any(changes.lines()))
        return exit_status.DONE
    lines = tuple(changes.lines("would " if args.dry_run else ""))
    for line in lines:
        print_lines([line])
    if not lines:
        print("nothing to do: it is stored like that already")
    warn_of_misfits(schedules)
    if changes.schedules and not args.dry_run:
        names = " ".join(map(for_shell, changes.schedules))
        warn(
            "no timer was written or changed",
            f"zfstune schedule install {names}; or `zfstune schedule run`, without systemd",
        )
    return exit_status.DONE
