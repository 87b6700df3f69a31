"""``zfstune explain``: why each value is what it is."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.which_zfs import open_zfs, uses_image
from zfstune.profiles.explain import explain_opened
from zfstune.profiles.load import load_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Say for each value of a profile why it is set, who says so, who "
        "disagrees, what it comes to on this pool, how the kldload postinstallers differ, "
        "and how much space a record takes on disk. Without ZFS no pool is "
        "looked at."
    )
    parser.add_argument(
        "profile",
        metavar="PROFILE",
        nargs="?",
        help="the name of a profile, as in `postgres`",
    )
    parser.add_argument(
        "--profile", dest="own", metavar="FILE", help="a profile of your own instead"
    )
    parser.add_argument(
        "--variant", metavar="NAME", help="explain that variant of the profile"
    )
    parser.add_argument(
        "--pool", help="default: $ZFSTUNE_POOL, the installer's pool, or the only one"
    )
    add_json(parser)
    parser.set_defaults(run=_run, refuse=parser.error)


def _run(args: argparse.Namespace) -> int:
    if (args.profile is None) == (args.own is None):
        args.refuse("name a PROFILE, or a file with --profile")
    explanation = explain_opened(
        args.profile if args.own is None else load_file(args.own),
        variant=args.variant,
        pool=args.pool,
        opened=lambda: open_zfs(args),
        needed=uses_image(args),
    )
    if args.json:
        print_json(explanation.to_dict())
        return exit_status.DONE
    print_lines([str(explanation)])
    return exit_status.DONE
