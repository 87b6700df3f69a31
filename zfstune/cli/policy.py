"""``zfstune policy``: the retention policies that are stored on datasets."""

from __future__ import annotations

import sys
from contextlib import suppress

from zfstune.cli import exit_status
from zfstune.cli.output import (
    add_json,
    add_scripted,
    print_json,
    print_lines,
    print_table,
    report,
    warn,
)
from zfstune.cli.policy_options import add_rules, read_policy_options
from zfstune.cli.simulate import add_simulate
from zfstune.cli.which_zfs import open_zfs, uses_image
from zfstune.engine.pools import datasets_below
from zfstune.retention.imports.convert import FORMATS, convert
from zfstune.retention.near_miss import near_misses
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import parse_policy, stored_form
from zfstune.retention.store import clear_policy, own_policies, set_policy, stored_policies
from zfstune.values.errors import EngineError, PolicyError, ZfsUnavailable
from zfstune.values.marks import POLICY_PROPERTY
from zfstune.values.text import comma_list, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.retention.imports.convert import Reading
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset


__all__ = ["add_arguments"]

_MOST_BYTES = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Store a retention policy on a dataset, as a user property that the datasets below "
        "inherit. `zfstune prune` without a rule follows it."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    setting = actions.add_parser(
        "set",
        help="store a policy",
        description="Store a policy on a dataset, from rules as options or as one text "
        "(hourly=48 daily=30 within=7d tz=Europe/Berlin).",
    )
    setting.add_argument("dataset", metavar="DATASET")
    setting.add_argument(
        "text", nargs="*", metavar="WORD", help="the policy as text, instead of options"
    )
    setting.add_argument(
        "--all-of-them",
        action="store_true",
        help="consent to --keep 0; the policy stores the consent, and no prune asks again",
    )
    _add_dry_run(setting)
    add_json(setting)
    add_rules(setting)
    setting.set_defaults(run=_set)
    showing = actions.add_parser(
        "show",
        help="show the policies in force",
        description="Show the policy in force on each dataset, and where it was set.",
    )
    showing.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="these and all below (default: all)"
    )
    add_scripted(showing)
    add_json(showing)
    showing.set_defaults(run=_show)
    clearing = actions.add_parser(
        "clear",
        help="drop a dataset's own policy",
        description="Drop a dataset's own policy, so that the policy of a dataset above is "
        "in force.",
    )
    clearing.add_argument("dataset", metavar="DATASET")
    _add_dry_run(clearing)
    add_json(clearing)
    clearing.set_defaults(run=_clear)
    add_simulate(actions)
    _add_import(actions)


def _add_dry_run(action: Any) -> None:
    action.add_argument(
        "-n", "--dry-run", action="store_true", help="show the change and store nothing"
    )


def _add_import(actions: Any) -> None:
    importing = actions.add_parser(
        "import",
        help="read another tool's settings",
        description="Read another tool's settings and print the commands that store "
        "policies which keep the same snapshots; nothing is stored. Settings without an "
        "exact equivalent are left out with the reason (exit status 3). A command whose "
        "dataset the settings do not name is printed as a comment. ZFS is asked which "
        "datasets there are and which have a policy of their own; a line that replaces one "
        "says so. Without ZFS, settings that depend on the datasets are left out.",
    )
    importing.add_argument("tool", metavar="TOOL", help=", ".join(FORMATS))
    importing.add_argument(
        "file", metavar="FILE", help="the file of its settings; - for stdin"
    )
    add_json(importing)
    importing.set_defaults(run=_import)


def _set(args: argparse.Namespace) -> int:
    keep, policy = read_policy_options(args)
    if keep is not None:
        policy = Policy.last(keep, args.match, allow_zero=args.all_of_them)
    if args.text:
        if policy is not None:
            raise PolicyError(
                "cannot store policy: its rules are given as text and as options at once",
                hint="as text alone: zfstune policy set DATASET 'hourly=48 daily=30'",
            )
        policy = parse_policy(" ".join(args.text), allow_zero=args.all_of_them)
    if policy is None:
        raise PolicyError(
            f"cannot store policy on '{args.dataset}': no rule says what to keep",
            hint=f"try: zfstune policy set {for_shell(args.dataset)} hourly=48 daily=30",
        )
    with open_zfs(args) as engine:
        before = engine.dataset(args.dataset).local(POLICY_PROPERTY)
        text = set_policy(engine, args.dataset, policy, dry_run=args.dry_run)
        short_names: set[str] = set()
        own: list[str] = []
        with suppress(EngineError):  # the policy is stored, and what follows is advice
            short_names = {s.short_name for s in engine.snapshots(args.dataset)}
            below = engine.datasets(args.dataset)[1:]
            own = [d.name for d in below if d.local(POLICY_PROPERTY) is not None]
    if own:
        names = " ".join(map(for_shell, own))
        warn(
            "datasets below have policies of their own, and follow those: "
            f"{comma_list(own)}",
            f"to have them follow this one: zfstune policy clear {names}",
        )
    for miss in near_misses(policy, short_names):
        warn(miss)
    if args.json:
        _print_change(args, before, text)
    else:
        print_lines([f"{'would store on ' if args.dry_run else ''}{args.dataset}: {text}"])
    return exit_status.DONE


def _print_change(args: argparse.Namespace, before: str | None, after: str | None) -> None:
    found = {"name": args.dataset, "policy": after, "replaces": before}
    print_json(found, changed=before != after)


def _show(args: argparse.Namespace) -> int:
    faults: dict[str, ZfstuneError] = {}
    with open_zfs(args) as engine:
        datasets = datasets_below(engine, args.datasets)
        stored = stored_policies(engine, datasets.values(), faults=faults)
    rows = [
        {"name": name, "policy": stored_form(followed.policy), "set_on": followed.set_on}
        for name, followed in stored.items()
    ]
    result = exit_status.PARTLY if faults else exit_status.DONE
    for error in {str(error): error for error in faults.values()}.values():
        report(error)
    if args.json:
        print_json({"policies": rows})
        return result
    cells = [(row["name"], row["set_on"], row["policy"]) for row in rows]
    print_table(("NAME", "SET ON", "POLICY"), cells, scripted=args.scripted)
    return result


def _clear(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        before = engine.dataset(args.dataset).local(POLICY_PROPERTY)
        if not args.dry_run:
            clear_policy(engine, args.dataset)
    if args.json:
        _print_change(args, before, None)
    elif args.dry_run and before is not None:
        print_lines([f"would clear on {args.dataset}: {before}"])
    return exit_status.DONE


def _import(args: argparse.Namespace) -> int:
    text = _read(args.file)
    datasets = _datasets(args)
    names = None if datasets is None else [dataset.name for dataset in datasets]
    reading = convert(args.tool, text, names, own_policies(datasets or ()))
    if args.json:
        print_json(
            {
                "policies": [
                    {
                        "dataset": imported.dataset,
                        "policy": stored_form(imported.policy),
                        "replaces": imported.replaces,
                        "notes": list(imported.notes),
                    }
                    for imported in reading.policies
                ],
                "left_out": [
                    {"name": left.name, "reason": left.reason, "hint": left.hint or None}
                    for left in reading.left_out
                ],
            }
        )
        for note in reading.notes:
            warn(note)
    else:
        _print_commands(reading)
    for left_out in reading.left_out:
        message = f"cannot import '{shown(left_out.name)}': {left_out.reason}"
        report(PolicyError(message, hint=left_out.hint))
    if not reading.left_out:
        return exit_status.DONE
    return exit_status.PARTLY if reading.policies else exit_status.FAILED


def _print_commands(reading: Reading) -> None:
    """Print commands for a shell; a command that lacks its dataset is a comment."""
    for imported in reading.policies:
        consent = " --all-of-them" if imported.policy.allow_zero else ""
        text = for_shell(imported.text)
        if imported.dataset:
            print(f"zfstune policy set{consent} {for_shell(imported.dataset)} {text}")
        else:
            print(f"# zfstune policy set{consent} DATASET {text}")
    notes = [note for imported in reading.policies for note in imported.notes]
    for note in dict.fromkeys((*notes, *reading.notes)):
        warn(note)
    if not all(imported.dataset for imported in reading.policies):
        warn(
            "a line that begins with # does nothing yet: the settings do not name the "
            "dataset on this host that its policy is for",
            "write the name of the dataset that holds the snapshots in place of DATASET, "
            "and take the # away",
        )


def _datasets(args: argparse.Namespace) -> list[Dataset] | None:
    """List the datasets of all pools; None where there is no ZFS to ask."""
    try:
        with open_zfs(args) as engine:
            return [d for pool in engine.pools() for d in engine.datasets(pool)]
    except ZfsUnavailable:
        if uses_image(args):
            raise
        return None


def _read(path: str) -> str:
    try:
        if path == "-":
            settings = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with open(path, "rb") as file:
                settings = file.read(_MOST_BYTES + 1)
        # Tools differ in the characters that end a line, so no newline is translated.
        text = settings.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise PolicyError(f"cannot read '{path}': {reason}") from None
    if len(settings) > _MOST_BYTES:
        raise PolicyError(f"cannot read '{path}': it has more than {_MOST_BYTES} bytes")
    return text
