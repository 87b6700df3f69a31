"""``zfstune profiles``: list the profiles."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_table, report
from zfstune.profiles.load import load, profile_names
from zfstune.values.errors import ProfileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "List the profiles with their variants. `zfstune plan PROFILE` shows "
        "what a profile would do here, and why."
    )
    add_scripted(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    found = []
    names = profile_names()
    for name in names:
        try:
            found.append(load(name))
        except ProfileError as error:  # in a profile of this site; others are listed
            report(error)
    result = exit_status.DONE if len(found) == len(names) else exit_status.PARTLY
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
        return result
    rows = [
        (each.name, ",".join(v.name for v in each.variants) or "-", each.summary)
        for each in found
    ]
    print_table(("PROFILE", "VARIANTS", "SUMMARY"), rows, scripted=args.scripted)
    return result
