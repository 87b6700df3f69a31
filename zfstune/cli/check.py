"""``zfstune check``: a monitoring plugin that looks at the age of snapshots."""

from __future__ import annotations

from zfstune.cli.output import add_json, print_json, report
from zfstune.cli.which_zfs import image_path, open_zfs
from zfstune.health.check import check_freshness
from zfstune.health.nagios import UNKNOWN, check_ages
from zfstune.host.files import state_folder
from zfstune.retention.rule_text import parse_duration
from zfstune.values.errors import ZfstuneError
from zfstune.values.text import utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.health.nagios import Check


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Check that the newest snapshot of each dataset with a schedule, and of the "
        "datasets that it takes along, is as fresh as the schedule says, that the last "
        "runs succeeded, and that targets of `zfstune replicate` keep up. Prints one line "
        "with figures, as Nagios, Icinga and others read it. A dataset younger than "
        "its last period has time until the next one."
    )
    parser.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="check only these (default: all)"
    )
    parser.add_argument(
        "-w",
        "--warning",
        metavar="AGE",
        help="the age of a late snapshot, as in 90m, 36h or 2d (default: one and a half "
        "periods)",
    )
    parser.add_argument(
        "-c",
        "--critical",
        metavar="AGE",
        help="the age of a snapshot that is long overdue, never less than --warning "
        "(default: three periods)",
    )
    parser.add_argument(
        "--lag-warning",
        metavar="TIME",
        help="how far a target of replication may be behind its source (default: one and a "
        "half periods of the schedule)",
    )
    parser.add_argument(
        "--lag-critical",
        metavar="TIME",
        help="how far is critical (default: three periods)",
    )
    parser.add_argument(
        "--state", metavar="DIR", help="the folder of the notes on runs, as for schedule"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    try:
        result = _check(args)
    except ZfstuneError as error:
        words = " ".join(str(error).replace("|", "/").split())
        if args.json:
            report(error)
            print_json({"status": "UNKNOWN", "problems": [], "datasets": [], "targets": []})
        else:
            print(f"ZFSTUNE UNKNOWN: {words}")
        return UNKNOWN
    if args.json:
        print_json(_facts(result))
    else:
        print(result.line())
    return result.status


def _check(args: argparse.Namespace) -> Check:
    ages = {
        "warning_s": _seconds(args, "warning"),
        "critical_s": _seconds(args, "critical"),
        "lag_warning_s": _seconds(args, "lag-warning"),
        "lag_critical_s": _seconds(args, "lag-critical"),
    }
    check_ages(ages["warning_s"], ages["critical_s"])  # before ZFS is opened
    check_ages(ages["lag_warning_s"], ages["lag_critical_s"])
    folder = state_folder(args.state, image=image_path(args))
    with open_zfs(args) as engine:
        return check_freshness(*args.datasets, **ages, folder=folder, engine=engine)


def _seconds(args: argparse.Namespace, option: str) -> int | None:
    text = getattr(args, option.replace("-", "_"))
    if text is None:
        return None
    return parse_duration(f"--{option}", text)


def _facts(result: Check) -> dict[str, object]:
    return {
        "status": result.word,
        "problems": [
            {"status": p.word, "target": p.target, "message": p.message}
            for p in result.problems
        ],
        "datasets": [
            {
                "dataset": dataset.dataset,
                "newest": utc_instant(dataset.newest),
                "interval_s": dataset.interval_seconds,
                "warning_s": late,
                "critical_s": overdue,
                "snapshots": dataset.own,
                "other_snapshots": dataset.others,
                "used_bytes": dataset.used_bytes,
            }
            for dataset, (late, overdue) in zip(result.datasets, result.limits, strict=True)
        ],
        "targets": [
            {
                "dataset": target.dataset,
                "target": target.place,
                "lag_s": target.lag.seconds,
                "snapshots_behind": target.lag.snapshots,
                "warning_s": late,
                "critical_s": overdue,
                "danger": target.danger or None,
            }
            for target, (late, overdue) in zip(result.targets, result.lags, strict=True)
        ],
    }
