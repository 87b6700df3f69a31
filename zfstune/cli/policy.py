"""``zfstune policy``: what datasets say is to be kept of their snapshots."""

from __future__ import annotations

import sys

from zfstune.cli import status
from zfstune.cli.opening import open_meant
from zfstune.cli.output import print_json, print_table, warn
from zfstune.cli.rules import add_rules, read_rules
from zfstune.cli.simulate import add_simulate

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]

# zfstune.imports.FORMATS, which --help need not import
_TOOLS = ("bzfs", "cron", "pyznap", "sanoid", "zfs-autobackup", "znapzend", "zrepl")
_MOST_BYTES = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.description = (
        "Store a retention policy on a dataset, as a user property that "
        "those below inherit. `zfstune prune` without a rule follows it."
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
        "--all-of-them", action="store_true", help="consent to --keep 0; so must each prune"
    )
    setting.add_argument("--json", action="store_true", help="print one JSON document")
    add_rules(setting)
    setting.set_defaults(run=_set)
    showing = actions.add_parser(
        "show",
        help="show the policies in force",
        description="Show the policy in force on each dataset, and where it was set.",
    )
    showing.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="these and all below; default: all"
    )
    showing.add_argument("-H", action="store_true", help="no header, tabs between columns")
    showing.add_argument("--json", action="store_true", help="print one JSON document")
    showing.set_defaults(run=_show)
    clearing = actions.add_parser(
        "clear",
        help="drop a dataset's own policy",
        description="Drop a dataset's own policy: that of a dataset above is in force.",
    )
    clearing.add_argument("dataset", metavar="DATASET")
    clearing.add_argument("--json", action="store_true", help="print one JSON document")
    clearing.set_defaults(run=_clear)
    add_simulate(actions)
    importing = actions.add_parser(
        "import",
        help="read another tool's settings",
        description="Read another tool's settings and print the commands that store "
        "policies which keep the same; nothing is stored. What cannot be kept exactly is "
        "refused with the reason.",
    )
    importing.add_argument("tool", metavar="TOOL", help=", ".join(_TOOLS))
    importing.add_argument("file", metavar="FILE", help="its settings; - for stdin")
    importing.add_argument("--json", action="store_true", help="print one JSON document")
    importing.set_defaults(run=_import)


def _set(args: argparse.Namespace) -> int:
    from zfstune.errors import PolicyError  # noqa: PLC0415 (not for --help)
    from zfstune.policies import set_policy  # noqa: PLC0415 (as above)
    from zfstune.policy import Policy  # noqa: PLC0415 (as above)
    from zfstune.policy_text import parse_policy  # noqa: PLC0415 (as above)

    keep, policy = read_rules(args)
    if keep is not None:
        policy = Policy.last(keep, args.match, allow_zero=args.all_of_them)
    if args.text:
        if policy is not None:
            raise PolicyError("cannot store policy: say it as text or as options, not both")
        policy = parse_policy(" ".join(args.text), allow_zero=args.all_of_them)
    if policy is None:
        raise PolicyError(
            f"cannot store policy on '{args.dataset}': no rule says what to keep",
            hint=f"say it: zfstune policy set {args.dataset} hourly=48 daily=30",
        )
    with open_meant(args) as engine:
        text = set_policy(engine, args.dataset, policy)
    if args.json:
        print_json({"name": args.dataset, "policy": text})
    else:
        print(f"{args.dataset}: {text}")
    return status.DONE


def _show(args: argparse.Namespace) -> int:
    from zfstune.policies import stored_policies  # noqa: PLC0415 (not for --help)
    from zfstune.policy_text import format_policy  # noqa: PLC0415 (as above)

    with open_meant(args) as engine:
        datasets = {
            dataset.name: dataset
            for root in args.datasets or engine.pools()
            for dataset in engine.datasets(root)
        }
        stored = stored_policies(engine, datasets.values(), allow_zero=True)
    rows = [
        {"name": name, "policy": format_policy(policy), "set_on": origin}
        for name, (policy, origin) in stored.items()
    ]
    if args.json:
        print_json({"policies": rows})
        return status.DONE
    cells = [(row["name"], row["set_on"], row["policy"]) for row in rows]
    print_table(("NAME", "SET ON", "POLICY"), cells, scripted=args.H)
    return status.DONE


def _clear(args: argparse.Namespace) -> int:
    from zfstune.policies import clear_policy  # noqa: PLC0415 (not for --help)

    with open_meant(args) as engine:
        clear_policy(engine, args.dataset)
    if args.json:
        print_json({"name": args.dataset, "policy": None})
    return status.DONE


def _import(args: argparse.Namespace) -> int:
    from shlex import quote  # noqa: PLC0415 (not for --help)

    from zfstune.imports import convert  # noqa: PLC0415 (as above)

    found = convert(args.tool, _read(args.file))
    if args.json:
        rows = [
            {"dataset": one.dataset, "policy": one.text, "notes": list(one.notes)}
            for one in found
        ]
        print_json({"policies": rows})
        return status.DONE
    for one in found:
        consent = " --all-of-them" * one.policy.allow_zero
        dataset = quote(one.dataset) if one.dataset else "DATASET"
        print(f"zfstune policy set{consent} {dataset} {quote(one.text)}")
    for note in dict.fromkeys(note for one in found for note in one.notes):
        warn(note)
    return status.DONE


def _read(path: str) -> str:
    from zfstune.errors import PolicyError  # noqa: PLC0415 (not for --help)

    try:
        if path == "-":
            return sys.stdin.read(_MOST_BYTES)
        with open(path, encoding="utf-8") as file:
            return file.read(_MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise PolicyError(f"cannot read '{path}': {reason}") from None
