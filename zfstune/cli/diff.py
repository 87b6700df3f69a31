"""``zfstune diff``: tell what changed between two snapshots or checkpoints."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.diff import diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Tell what changed between two snapshots of a dataset, or between two checkpoints: "
        "for each dataset the bytes that a stream from one to the other has, and the paths "
        "that were added (+), removed (-), modified (M) or renamed (R). A dataset that was "
        "destroyed since has no snapshot left to tell of it."
    )
    parser.add_argument(
        "first",
        metavar="FIRST",
        help="the earlier snapshot, as tank/data@monday, or the name of a checkpoint",
    )
    parser.add_argument(
        "second",
        metavar="SECOND",
        help="the later one: a full name or @tuesday; or the name of a checkpoint",
    )
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="compare the snapshots of these names on the datasets below, too; checkpoints "
        "are compared whole in any case",
    )
    parser.add_argument(
        "--no-paths",
        action="store_true",
        help="tell bytes alone, which is faster",
    )
    parser.add_argument("--pool", help="for checkpoints (default: as for apply)")
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        found = diff(
            args.first,
            args.second,
            recursive=args.recursive,
            paths=not args.no_paths,
            pool=args.pool,
            engine=engine,
        )
    if args.json:
        print_json(found.to_dict())
    else:
        for line in found.lines():
            print(line)
    return exit_status.DONE
