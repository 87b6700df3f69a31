"""``zfstune rollback``: bring datasets back to a checkpoint or a snapshot."""

from __future__ import annotations

from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.checkpoint import add_options, show_losing
from zfstune.cli.output import print_json, print_lines, report, warn
from zfstune.cli.step_line import StepLine
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.rewind_plan import LOSSES
from zfstune.snapshots.rollback import rollback
from zfstune.values.errors import PlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Bring datasets back to a checkpoint, or one dataset to any of its snapshots, in "
        "place where they are mounted and busy. "
        "The current files are copied aside first, below POOL/zfstune-escape. Newer "
        "snapshots (also those of later checkpoints), clones of them, and the script that "
        "runs this command, as far as its parent processes show it, are only lost with "
        "your consent. Properties stay as they are, and so do datasets that were created "
        "since. The dataset that is mounted at / goes back in place, too: reboot then, "
        "since running programs keep the old files open. To bring back a system that does "
        "not run, boot another environment and name its dataset."
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        help="the name of a checkpoint, or a snapshot as DATASET@SNAP",
    )
    parser.add_argument(
        "datasets",
        nargs="*",
        metavar="DATASET",
        help="of the checkpoint, these and all below (default: all of its datasets)",
    )
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="with a snapshot, bring back the datasets below as well, each to its snapshot "
        "of that name; a checkpoint comes back whole in any case",
    )
    add_options(parser)
    parser.add_argument(
        "--lose",
        action="append",
        default=[],
        choices=LOSSES,
        help="consent to a loss; may be given several times",
    )
    parser.add_argument(
        "--no-escape", action="store_true", help="keep no copy of the current files"
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine, StepLine("did step") as line:
        rewound = rollback(
            args.name,
            *args.datasets,
            recursive=args.recursive,
            lose=args.lose,
            escape=not args.no_escape,
            pool=args.pool,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else partial(show_losing, args),
            passed=line.passed,
        )
    if args.json:
        changed = bool(rewound.plan.rewinds if args.dry_run else rewound.done)
        print_json(rewound.to_dict(), changed=changed)
    elif rewound.done:
        print_lines(rewound.lines())
    for caution in rewound.plan.cautions:
        warn(caution)
    for dataset in rewound.plan.left:
        lacks = "does not have this checkpoint"
        if "@" in args.name:
            lacks = "has no snapshot of that name"
        report(PlanError(f"left '{dataset}' as it is: it {lacks}"))
    partly = rewound.plan.left or rewound.plan.missing
    return exit_status.PARTLY if partly else exit_status.DONE
