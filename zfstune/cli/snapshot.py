"""``zfstune snapshot``."""

from __future__ import annotations

from zfstune.cli import status
from zfstune.cli.opening import open_meant
from zfstune.cli.output import print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.description = (
        "Take a snapshot of each dataset, all in one transaction, or none. "
        "They are named by the time in UTC and marked as zfstune's, so that "
        "`zfstune prune` knows them."
    )
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="also of all datasets below"
    )
    parser.add_argument(
        "--name",
        help="what to put behind the @; prune leaves such a snapshot alone "
        "unless --match asks for it",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="print the names and take nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from zfstune.snapshotting import snapshot  # noqa: PLC0415 (not for --help)

    with open_meant(args) as engine:
        taken = snapshot(
            *args.datasets,
            recursive=args.recursive,
            name=args.name,
            dry_run=args.dry_run,
            engine=engine,
        )
    if args.json:
        print_json({"snapshots": list(taken), "dry_run": args.dry_run})
    else:
        print("\n".join(taken))
    return status.DONE
