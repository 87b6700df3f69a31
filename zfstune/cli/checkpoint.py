"""``zfstune checkpoint``."""

from __future__ import annotations

from zfstune.cli import status
from zfstune.cli.opening import open_meant
from zfstune.cli.output import print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments", "add_targets"]


def add_arguments(parser: Any) -> None:
    """Add what the verb takes."""
    parser.description = (
        "Take a snapshot of each dataset and all below it, all in one transaction. "
        "`zfstune rollback NAME` brings them back."
    )
    add_targets(
        parser,
        "these and all below; default: all of the pool that zfstune manages, and what "
        "is mounted at / with all below it",
    )
    parser.add_argument(
        "--drop", action="store_true", help="destroy that checkpoint instead"
    )
    parser.set_defaults(run=_run)


def add_targets(parser: Any, datasets: str) -> None:
    """Add what checkpoint and rollback share."""
    parser.add_argument("name", metavar="NAME", help="of the checkpoint")
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help=datasets)
    parser.add_argument("--pool", help="where no dataset is named; default as for apply")
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show what would be done, do nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _run(args: argparse.Namespace) -> int:
    from zfstune import checkpointing  # noqa: PLC0415 (not for --help)

    act = checkpointing.drop_checkpoint if args.drop else checkpointing.checkpoint
    with open_meant(args) as engine:
        found = act(
            args.name, *args.datasets, pool=args.pool, dry_run=args.dry_run, engine=engine
        )
    if args.json:
        print_json({"snapshots": list(found), "dry_run": args.dry_run})
    else:
        print("\n".join(found))
    return status.DONE
