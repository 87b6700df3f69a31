"""``zfstune metrics``: figures for Prometheus."""

from __future__ import annotations

import sys

from zfstune import __version__
from zfstune.cli import exit_status
from zfstune.cli.output import report, warn
from zfstune.cli.which_zfs import image_path, open_zfs
from zfstune.health.read_metrics import read_metrics
from zfstune.host.files import state_folder, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Print figures in Prometheus' text format: for each dataset with a schedule, and "
        "for the datasets that it takes along, when the newest snapshot was taken, how "
        "many there are and how much they hold; how far targets of replication are behind; "
        "how the last runs ended; and how full the pools are. With --output a file is "
        "replaced in one step, as node_exporter's textfile collector needs it; the file "
        "stays as it was where ZFS does not answer."
    )
    parser.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="only these (default: all)"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="the file to write, as /var/lib/prometheus/node-exporter/zfstune.prom "
        "(default: stdout)",
    )
    parser.add_argument(
        "--state", metavar="DIR", help="the folder of the notes on runs, as for schedule"
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        folder = state_folder(args.state, image=image_path(args))
        seen = read_metrics(
            *args.datasets, folder=folder, version=__version__, engine=engine
        )
    if args.output is None:
        sys.stdout.write(seen.text)
    else:
        write_file(args.output, seen.text)
    for fault in seen.faults:
        report(fault)
    for name, reason in seen.damaged:
        warn(f"cannot read '{name}': {reason}")
    return exit_status.PARTLY if seen.faults or seen.damaged else exit_status.DONE
