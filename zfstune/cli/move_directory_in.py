"""``zfstune apply --move-in``: a directory becomes a dataset with a profile."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json, print_lines
from zfstune.cli.profile_options import read_profiles
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.which_zfs import open_zfs
from zfstune.datasets.move_in import move_in
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.datasets.move_in_plan import MovePlan

__all__ = ["move_directory_in"]


def move_directory_in(args: argparse.Namespace) -> int:
    """Do what ``apply PROFILE --at DATASET --move-in DIR`` asks for."""
    profiles, arguments = read_profiles(args)
    several = len(profiles) != 1 or arguments["roles"]
    if args.at is None or several or args.pool is not None or args.root is not None:
        args.refuse(
            "--move-in goes with one PROFILE and --at, and neither --pool nor --root"
        )
    line = ProgressLine(json=args.json)

    def show(plan: MovePlan) -> None:
        if not args.json:
            print_lines(plan.lines())
        line.expect(plan.size_bytes)

    try:
        with open_zfs(args) as engine:
            moved = move_in(
                profiles[0],
                args.move_in,
                at=args.at,
                variant=args.variant,
                properties=arguments["properties"],
                owner=arguments["owner"],
                allow_unsafe=args.allow_unsafe,
                dry_run=args.dry_run,
                engine=engine,
                show=show,
                passed=line.passed,
            )
    finally:
        line.clear()
    if args.json:
        print_json(moved.to_dict(), part="move-in", changed=True)
    elif moved.done:
        plan = moved.plan
        aside = shown(plan.aside)
        print_lines(
            [
                f"done: {plan.dataset} is mounted at {shown(plan.source)}",
                f"the old directory is kept at {aside}: remove it once all is well",
            ]
        )
    return exit_status.DONE
