"""``zfstune replicas``: the targets that datasets are replicated to."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_lines, print_table
from zfstune.cli.which_zfs import open_zfs
from zfstune.health.observe_targets import list_replicas
from zfstune.streams.forget import forget_target
from zfstune.values.duration import about
from zfstune.values.text import utc_instant, utc_minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.health.observation import ObservedTarget

__all__ = ["add_arguments"]

_COLUMNS = ("DATASET", "TARGET", "PLACE", "BASE TAKEN", "BEHIND", "LAG", "STATE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "List the targets that datasets were replicated to, as the bookmarks and notes on "
        "each dataset tell: where each is, when the newest snapshot that it is known to "
        "have was taken, how many snapshots it lacks, and how far it is behind. Targets on "
        "other hosts are not asked. With --forget, drop what is kept for a target that is "
        "gone for good."
    )
    parser.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="these and all below (default: all)"
    )
    parser.add_argument(
        "--forget",
        metavar="TARGET",
        help="drop the bookmarks and the note that DATASET keeps for this target, by its "
        "number or its place; if it still exists, it may need a full stream again",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="with --forget: change nothing"
    )
    add_scripted(parser)
    add_json(parser)
    parser.set_defaults(run=_run, refuse=parser.error)


def _run(args: argparse.Namespace) -> int:
    if args.forget is not None:
        if len(args.datasets) != 1:
            args.refuse("--forget goes with one DATASET")
        return _forget(args)
    if args.dry_run:
        args.refuse("-n goes with --forget")
    with open_zfs(args) as engine:
        observed = list_replicas(*args.datasets, engine=engine)
    if args.json:
        print_json({"replicas": [_facts(each) for each in observed]})
    else:
        rows = [_cells(each) for each in observed]
        print_table(_COLUMNS, rows, scripted=args.scripted, right="llllrrl")
    return exit_status.DONE


def _forget(args: argparse.Namespace) -> int:
    (dataset,) = args.datasets
    with open_zfs(args) as engine:
        forgotten = forget_target(engine, dataset, args.forget, dry_run=args.dry_run)
    if args.json:
        print_json(forgotten.to_dict(), part="forget", changed=True)
        return exit_status.DONE
    verb = "would drop" if args.dry_run else "dropped"
    for name in forgotten.bookmarks:
        print_lines([f"{verb} {name}"])
    if forgotten.note:
        print_lines([f"{verb} {forgotten.note} on {dataset}"])
    return exit_status.DONE


def _cells(observed: ObservedTarget) -> list[str]:
    target, seconds = observed.target, observed.lag.seconds
    return [
        observed.dataset,
        f"{target.identity:016x}",
        target.place or "-",
        "-" if target.base is None else utc_minute(target.base.creation),
        str(observed.lag.snapshots),
        "-" if seconds is None else about(seconds),
        observed.danger or "ok",
    ]


def _facts(observed: ObservedTarget) -> dict[str, object]:
    base = observed.target.base
    return {
        "dataset": observed.dataset,
        "target": f"{observed.target.identity:016x}",
        "place": observed.target.place or None,
        "base": None
        if base is None
        else {
            "bookmark": base.name,
            "guid": str(base.guid),
            "creation": utc_instant(base.creation),
        },
        "bookmarks": [bookmark.name for bookmark in observed.target.bookmarks],
        "snapshots_behind": observed.lag.snapshots,
        "lag_s": observed.lag.seconds,
        "danger": observed.danger or None,
        "remedy": observed.remedy or None,
    }
