"""``zfstune measure``: find the record size and compression for a workload, by trying."""

from __future__ import annotations

import os
import sys

from zfstune.cli import exit_status
from zfstune.cli.look_at_trace import look_at_trace
from zfstune.cli.output import print_json, print_lines, warn
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.sweep_leftovers import sweep_leftovers
from zfstune.cli.value_options import (
    add_dry_run,
    duration_value,
    size_value,
    whole_value,
)
from zfstune.cli.which_zfs import open_zfs
from zfstune.measurement.draw_png import check_png
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.measure_plan_text import plan_text
from zfstune.values.errors import ZfstuneError
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.measure_plan import MeasurePlan
    from zfstune.measurement.measure_result import MeasureResult

__all__ = ["add_arguments"]

_RUNS = 3
_MOST_RUNS = 100
_MOST_SEED = (1 << 31) - 1
_CLEANING = (
    "ending: the scratch datasets are being removed; Ctrl-C once more leaves them to the "
    "next zfstune measure"
)


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Measure what record sizes and compressions cost and gain for a workload on a "
        "pool: bytes that its devices write and read for each byte of the application, "
        "space, what snapshots keep, and, by fio, times. It makes scratch datasets of its "
        "own, removes them, and touches nothing else in the pool. -n says first how long "
        "it takes and how much it writes."
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="PROFILE",
        help="a profile, or a workload of its own as postgres-wal",
    )
    parser.add_argument(
        "--fio", metavar="JOB", default="", help="the workload of this fio job file"
    )
    parser.add_argument(
        "--trace",
        metavar="FILE",
        default="",
        help="a workload like what strace, perf trace or fio (write_iolog) recorded",
    )
    parser.add_argument(
        "--replay",
        action="store_true",
        help="with --trace: count bytes at the recorded places, in their order and of "
        "their sizes (fio measures a load like it)",
    )
    parser.add_argument(
        "--only-look",
        action="store_true",
        help="with --trace: sum up what was recorded, and touch no pool",
    )
    parser.add_argument("--pool", help="the pool to measure on (default: the only one)")
    _add_candidates(parser)
    _add_procedure(parser)
    parser.add_argument(
        "--against",
        metavar="JSON",
        default="",
        help="say what has changed since the measurement in this file, which --json wrote",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write a page of HTML too, and into a folder beside it each chart as SVG "
        "and CSV",
    )
    parser.add_argument(
        "--png",
        action="store_true",
        help="with --report: each chart as PNG too (needs cairosvg)",
    )
    add_dry_run(parser, "say what would be done, how long it takes and what it writes")
    parser.set_defaults(run=_run, cleaning=_CLEANING)


def _add_candidates(parser: Any) -> None:
    """Add the options that choose what is compared."""
    parser.add_argument(
        "--recordsize",
        metavar="SIZES",
        type=_sizes,
        default=(),
        help="record sizes to compare, as 8K,16K,128K (default: the profile's choice, "
        "those around one page, 128K)",
    )
    parser.add_argument(
        "--compression",
        metavar="NAMES",
        type=_names,
        default=(),
        help="compressions to compare, as lz4,zstd-3 (default: the profile's choice)",
    )


def _add_procedure(parser: Any) -> None:
    """Add the options that choose how it is compared."""
    parser.add_argument(
        "--size",
        type=size_value,
        help="length of the files of each run (default: 256M, in an image 16M); for "
        "times, twice the ARC's size",
    )
    parser.add_argument(
        "--runs",
        type=whole_value(1, _MOST_RUNS),
        default=_RUNS,
        help="runs of each candidate (default: %(default)s)",
    )
    parser.add_argument(
        "--time-limit",
        metavar="TIME",
        type=duration_value,
        help="begin no run after this time, as 30m, and choose shorter ones for it",
    )
    parser.add_argument(
        "--sample",
        metavar="PATH",
        default="",
        help="make data that compresses like these files (default: as the workload says)",
    )
    parser.add_argument(
        "--only-bytes",
        action="store_true",
        help="count bytes alone, which repeat as times do not; fio does not run",
    )
    parser.add_argument(
        "--seed",
        type=whole_value(most=_MOST_SEED),
        default=1,
        help="of data, places and order (default: %(default)s)",
    )


def _run(args: argparse.Namespace) -> int:
    if [args.name is not None, bool(args.fio), bool(args.trace)].count(True) != 1:
        warn(
            "cannot measure: name a profile, a job file or a trace, one of the three",
            "zfstune measure postgres",
        )
        return exit_status.USAGE
    if args.only_look and not args.trace:
        warn(
            "cannot look: --only-look is for a trace",
            "zfstune measure --trace FILE --only-look",
        )
        return exit_status.USAGE
    if args.replay and not args.trace:
        warn("cannot replay: --replay is for a trace", "give --trace FILE too")
        return exit_status.USAGE
    if args.against and (args.dry_run or args.only_look):
        warn("cannot compare: nothing is measured that --against could be held to")
        return exit_status.USAGE
    if args.trace or not args.dry_run:
        _need_numpy()
    if args.only_look:
        return look_at_trace(args.trace, as_json=args.json)
    if args.png and args.report is None:
        warn("cannot write PNG files: --png is for a report", "give --report FILE too")
        return exit_status.USAGE
    if args.report is not None:
        _check_report(args.report)
    if args.png:
        check_png()
    with open_zfs(args) as engine:
        if args.dry_run:
            plan = draw_up_plan(engine, _wishes(args))
            sweep_leftovers(engine, [plan.pool], dry_run=True)
            _show_plan(plan, json=args.json)
            return exit_status.DONE
        found = _measure(engine, args)
    return _show(args, found)


def _measure(engine: Engine, args: argparse.Namespace) -> MeasureResult:
    # It imports numpy, which takes longer than a plan.
    from zfstune.measurement.measure_workload import measure_workload  # noqa: PLC0415

    progress = ProgressLine(json=args.json)
    try:
        return measure_workload(
            _wishes(args),
            against=args.against,
            command=" ".join(["zfstune", *map(for_shell, sys.argv[1:])]),
            on_plan=None if args.json else lambda plan: _show_plan(plan, json=False),
            on_progress=progress.show,
            engine=engine,
        )
    finally:
        progress.clear()


def _show_plan(plan: MeasurePlan, *, json: bool) -> None:
    if json:
        print_json(plan.to_dict(), part="plan")
    else:
        print_lines(plan_text(plan))


def _show(args: argparse.Namespace, found: MeasureResult) -> int:
    # It imports numpy, which takes longer than a plan.
    from zfstune.measurement.write_report import write_report  # noqa: PLC0415

    if args.json:
        print_json(found.to_dict())
    else:
        print()
        print_lines(found.lines())
    if args.report is not None:
        write_report(args.report, found.measurement, found.sentences(), png=args.png)
    return exit_status.DONE


def _wishes(args: argparse.Namespace) -> Wishes:
    return Wishes(
        name=args.name or "",
        job=args.fio,
        trace=args.trace,
        replay=args.replay,
        pool=args.pool,
        recordsizes=args.recordsize,
        compressions=args.compression,
        size_bytes=args.size,
        runs=args.runs,
        time_limit_s=args.time_limit,
        sample=os.path.abspath(args.sample) if args.sample else "",
        only_bytes=args.only_bytes,
        seed=args.seed,
    )


def _check_report(path: str) -> None:
    """Refuse now what could not be written after hours."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        reason = "it is a folder"
    elif not os.path.isdir(folder):
        reason = f"no folder '{shown(folder)}'"
    elif not os.access(folder, os.W_OK):
        reason = f"no permission to write into '{shown(folder)}'"
    else:
        return
    raise ZfstuneError(f"cannot write the report '{shown(path)}': {reason}")


def _need_numpy() -> None:
    try:
        import numpy as np  # noqa: F401, PLC0415 (the extra that has it may be missing)
    except ImportError:
        raise ZfstuneError(
            "cannot measure: numpy is not installed",
            hint="pip install 'zfstune[measure]', or apt install python3-numpy",
        ) from None


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(size_value(word) for word in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))
