"""``zfstune apply``: create and tune the datasets of profiles."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.move_directory_in import move_directory_in
from zfstune.cli.output import print_json, print_lines
from zfstune.cli.profile_options import add_profiles, print_plan, read_profiles
from zfstune.cli.sweep_leftovers import sweep_leftovers
from zfstune.cli.which_zfs import open_zfs
from zfstune.datasets.apply import apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Create and tune the datasets of profiles, mount them and give them "
        "their owner. A second run changes nothing, and the next run finishes one that was "
        "interrupted. Nothing is ever destroyed, "
        "but for the scratch datasets that a killed `zfstune measure` has left."
    )
    add_profiles(parser)
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the plan and change nothing"
    )
    parser.add_argument(
        "--move-in",
        metavar="DIR",
        help="make the dataset that --at names, copy this directory into it, compare the "
        "two, and mount the dataset in its place; the directory stays beside it as "
        "DIR.before-zfs. Programs that use it have to be stopped first",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.move_in is not None:
        return move_directory_in(args)
    profiles, arguments = read_profiles(args)
    with open_zfs(args) as engine:
        applied = apply(
            *profiles,
            **arguments,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else print_plan,
        )
        sweep_leftovers(engine, [applied.plan.pool], dry_run=args.dry_run)
    if args.json:
        changed = applied.plan.pending if args.dry_run else applied.changed
        print_json(applied.to_dict(), changed=changed)
    elif applied:
        print_lines(applied.lines())
    return exit_status.DONE
