"""``zfstune snapshots``: why each snapshot stays, and when it goes."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_table, report
from zfstune.cli.which_zfs import open_zfs
from zfstune.retention.assess import assess_snapshots
from zfstune.values.duration import about
from zfstune.values.size import format_size
from zfstune.values.text import utc_minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.retention.assess import AssessedSnapshot
    from zfstune.values.errors import ZfstuneError


__all__ = ["add_arguments"]

_COLUMNS = ("NAME", "AGE", "USED", "FREES", "GOES", "WHY")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Show snapshots, oldest first: the age of each, the space that it alone holds, the "
        "space that destroying it alone would free (- where a hold or a clone forbids "
        "that), when the policy of its dataset lets it go, and which rules keep it until "
        "then. Nothing is changed."
    )
    parser.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="these and all below (default: all)"
    )
    add_scripted(parser)
    parser.add_argument(
        "-p", action="store_true", help="exact numbers: seconds, bytes, seconds since 1970"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    faults: dict[str, ZfstuneError] = {}
    with open_zfs(args) as engine:
        assessed = assess_snapshots(
            engine, args.datasets, lambda: datetime.now(UTC), faults
        )
    result = exit_status.PARTLY if faults else exit_status.DONE
    for error in {str(error): error for error in faults.values()}.values():
        report(error)
    if args.json:
        print_json({"snapshots": [snapshot.to_dict() for snapshot in assessed]})
        return result
    rows = [_cells(snapshot, exact=args.p) for snapshot in assessed]
    print_table(_COLUMNS, rows, scripted=args.scripted, right="lrrrll")
    return result


def _cells(snapshot: AssessedSnapshot, *, exact: bool) -> list[str]:
    def size(count: int | None) -> str:
        if count is None:
            return "-"
        return str(count) if exact else format_size(count, exact=False)

    age = snapshot.age_seconds
    if age is None:
        old = "-"
    elif exact:
        old = str(age)
    else:
        old = about(age) if age >= 0 else f"-{about(-age)}"
    return [
        snapshot.name,
        old,
        size(snapshot.used_bytes),
        size(snapshot.frees_bytes),
        _goes(snapshot, exact=exact),
        "; ".join(snapshot.reasons),
    ]


def _goes(snapshot: AssessedSnapshot, *, exact: bool) -> str:
    if snapshot.expires is None:
        return "now" if snapshot.goes == "now" else "-"
    if exact:
        return str(snapshot.expires)
    return utc_minute(snapshot.expires)
