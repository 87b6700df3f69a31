"""``zfstune release``: end holds of snapshots."""

from __future__ import annotations

from zfstune.cli.hold import add_holding_options, change_holds
from zfstune.snapshots.hold import release_snapshots

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "End the holds of snapshots by one tag. Nothing is destroyed by that, but a "
        "snapshot that nothing holds any more may go with the next prune. Tags by which "
        "zfstune itself keeps snapshots are refused."
    )
    add_holding_options(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    return change_holds(args, release_snapshots)
