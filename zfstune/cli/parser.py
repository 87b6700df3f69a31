"""The command line, as a pure function: tests and man pages read it too."""

from __future__ import annotations

import argparse

from zfstune import __version__
from zfstune.cli import apply, listing, prune, snapshot, status

__all__ = ["build_parser"]


class _Help(argparse.HelpFormatter):
    """Wraps what is one paragraph, leaves alone what has lines of its own."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; each verb adds its own part."""
    parser = argparse.ArgumentParser(
        prog="zfstune",
        description="Tuned ZFS storage for applications: datasets, snapshots, retention.",
        epilog=status.HELP,
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"zfstune {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb in (apply, snapshot, prune, listing):
        verb.add_parser(verbs)
    for each in verbs.choices.values():
        each.epilog = status.HELP
        each.formatter_class = _Help
    return parser
