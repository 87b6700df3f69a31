"""``zfstune verify``: find what is not as it was set."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.profile_options import add_role
from zfstune.cli.step_line import StepLine
from zfstune.cli.value_options import whole_value
from zfstune.cli.which_zfs import open_zfs
from zfstune.health.verify import verify
from zfstune.profiles.load import load_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Look at the datasets that zfstune manages and at their pools: values and where "
        "they come from, mounts, owners, keys, block sizes of files, and whether snapshots "
        "are as fresh as the stored schedule or policy expects. One line a dataset says "
        "what is wrong and, after an arrow, what to do. Nothing is changed."
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="a profile, as in `postgres`, or a dataset with all managed datasets below it "
        "(default: all that zfstune manages)",
    )
    parser.add_argument(
        "--profile",
        dest="own",
        metavar="FILE",
        action="append",
        default=[],
        help="a profile of your own; may be repeated",
    )
    add_role(parser, "the profiles of a role; `auto`: that of the host's name")
    parser.add_argument("--pool", help="look in this pool only")
    parser.add_argument(
        "--root",
        metavar="DATASET",
        help="where profiles were applied (default: where they are found, else POOL/data)",
    )
    parser.add_argument(
        "--no-owner",
        action="store_true",
        help="do not look at owner and mode of directories",
    )
    parser.add_argument(
        "--files",
        metavar="N",
        type=whole_value(),
        help="how many files of a dataset to search for blocks of an old size, for 2 "
        "seconds at most (default: 1000; 0: none)",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    more = {} if args.files is None else {"files": args.files}
    with open_zfs(args) as engine, StepLine("looked at") as line:
        verification = verify(
            *args.targets,
            *map(load_file, args.own),
            roles=args.roles,
            pool=args.pool,
            root=args.root,
            owner=not args.no_owner,
            engine=engine,
            passed=line.passed,
            **more,
        )
    if args.json:
        print_json(verification.to_dict())
    elif args.roles and not verification.pools:
        print("nothing to verify: this role has no datasets of its own")
    else:
        print_lines([str(verification)])
    if verification.damaged:
        return exit_status.PARTLY
    return exit_status.PENDING if verification.pending else exit_status.DONE
