"""``zfstune profiles``: which there are."""

from __future__ import annotations

from zfstune.cli import status
from zfstune.cli.output import print_json, print_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "profiles",
        help="list the profiles",
        description="List the profiles with their variants. `zfstune plan PROFILE` shows "
        "what one would do here, and why.",
    )
    parser.add_argument(
        "-H", dest="scripted", action="store_true", help="tabs, no header: for scripts"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from zfstune import profile  # noqa: PLC0415 (not for --help)

    found = [profile.load(name) for name in profile.names()]
    if args.json:
        print_json(
            [
                {
                    "name": each.name,
                    "summary": each.summary,
                    "datasets": [dataset.path for dataset in each.datasets],
                    "variants": {v.name: v.summary for v in each.variants},
                }
                for each in found
            ]
        )
        return status.DONE
    rows = [
        (each.name, ",".join(v.name for v in each.variants) or "-", each.summary)
        for each in found
    ]
    print_table(("PROFILE", "VARIANTS", "SUMMARY"), rows, scripted=args.scripted)
    return status.DONE
