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
    profiles = []
    names = profile_names()
    for name in names:
        try:
            profiles.append(load(name))
        except ProfileError as error:
            report(error)  # a profile of this site; the others are still listed
    result = exit_status.DONE if len(profiles) == len(names) else exit_status.PARTLY
    if args.json:
        print_json(
            {
                "profiles": [
                    {
                        "name": loaded.name,
                        "summary": loaded.summary,
                        "datasets": [dataset.path for dataset in loaded.datasets],
                        "variants": {v.name: v.summary for v in loaded.variants},
                    }
                    for loaded in profiles
                ]
            }
        )
        return result
    rows = [
        (loaded.name, ",".join(v.name for v in loaded.variants) or "-", loaded.summary)
        for loaded in profiles
    ]
    print_table(("PROFILE", "VARIANTS", "SUMMARY"), rows, scripted=args.scripted)
    return result
