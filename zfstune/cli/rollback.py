"""``zfstune rollback``."""

from __future__ import annotations

from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.checkpoint import add_options, would_or_nothing
from zfstune.cli.output import print_json, warn
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.rewind_plan import LOSSES
from zfstune.snapshots.rollback import rollback
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.snapshots.rewind_plan import RewindPlan


__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add what the verb takes."""
    parser.description = (
        "Bring datasets back to a checkpoint, mounted and busy ones where they are. The "
        "files as they were are copied aside first, below POOL/zfstune-escape. Snapshots "
        "that are newer (those of later checkpoints, too), "
        "clones of them, and the script that runs this, as far as it can be told from "
        "the processes above, are lost by consent alone. Properties stay as they are, and "
        "so do datasets that were made since. What is mounted at / goes back in place, "
        "too: reboot then, since programs that run hold on to what was. To bring back a "
        "system that does not run, boot another environment and name its dataset."
    )
    parser.add_argument("name", metavar="NAME", help="of the checkpoint")
    parser.add_argument(
        "datasets",
        nargs="*",
        metavar="DATASET",
        help="these and all below; default: all that the checkpoint has",
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
        "--no-escape", action="store_true", help="keep nothing of what is lost"
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        rewound = rollback(
            args.name,
            *args.datasets,
            lose=args.lose,
            escape=not args.no_escape,
            pool=args.pool,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else partial(_show, args),
        )
    if args.json:
        print_json(rewound.to_dict())
    elif rewound.done:
        print(f"rolled back: {', '.join(rewound.done)}")
        if rewound.escape:
            print(f"the files as they were are kept below {rewound.escape}")
        gone = [n for each in rewound.plan.rewinds for n in (*each.newer, *each.bookmarks)]
        if gone:
            print(f"destroyed, and kept nowhere: {', '.join(map(shown, gone))}")
        if rewound.unchanged:
            which = ", ".join(rewound.unchanged) if rewound.escape else "all of it"
            print(f"already as the checkpoint had it: {which}")
    for caution in rewound.plan.cautions:
        warn(caution)
    for dataset in rewound.plan.left:
        warn(f"left '{dataset}' as it is: it does not have this checkpoint")
    partly = rewound.plan.left or rewound.plan.missing
    return exit_status.PARTLY if partly else exit_status.DONE


def _show(args: argparse.Namespace, plan: RewindPlan) -> None:
    """Print the plan, a line a dataset, with all that goes; "would" if it is not done."""
    would = would_or_nothing(args, plan.losses)
    for rewind in plan.rewinds:
        where = f", mounted at {rewind.path}" if rewind.path else ""
        print(f"{would}roll back to {rewind.snapshot}{where}")
        clones = (clone.name for clone in rewind.clones)
        for name in (*rewind.newer, *rewind.bookmarks, *clones):
            print(f"  {would}destroy {name}")
    for file in plan.running:
        holder = f"process {file.pid} ({file.program})"
        print(f"  {would}lose {file.path}, which {holder} has open")
