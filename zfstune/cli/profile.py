"""``zfstune profile``: check profiles that a user wrote."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_schema, report
from zfstune.profiles.load import load_file, load_shipped, profile_text
from zfstune.profiles.schema import profile_schema
from zfstune.profiles.template import new_profile
from zfstune.values.errors import ProfileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Show profiles, begin one of your own and check it, for `zfstune apply --profile "
        "FILE` or for /etc/zfstune/profiles.d."
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    check = verbs.add_parser(
        "check",
        help="say whether files hold sound profiles",
        description="Say whether files hold sound profiles. Nothing but the files is read.",
    )
    check.add_argument("files", metavar="FILE", nargs="+")
    add_json(check)
    check.set_defaults(run=_check)
    showing = verbs.add_parser(
        "show",
        help="print the file of a profile",
        description="Print the file of a profile: its datasets, each value with its reason "
        "and source. `zfstune explain` says what this pool makes of it.",
    )
    showing.add_argument("name", metavar="PROFILE")
    add_json(showing)
    showing.set_defaults(run=_show)
    new = verbs.add_parser(
        "new",
        help="print a profile to go on from",
        description="Print a sound profile of a new name, to be filled in and put into a "
        "file. With --extends it starts from one that ships.",
    )
    new.add_argument("name", metavar="NAME", help="its name: small letters, digits, dashes")
    new.add_argument(
        "--extends", metavar="PROFILE", help="a profile that ships, to start from"
    )
    add_json(new)
    new.set_defaults(run=_new)
    schema = verbs.add_parser(
        "schema",
        help="print the JSON Schema of a profile",
        description="Print the JSON Schema of a profile, for an editor to complete by.",
    )
    schema.set_defaults(run=_schema)


def _check(args: argparse.Namespace) -> int:
    rows = []
    for path in args.files:
        row: dict[str, object] = {
            "file": path,
            "fault": None,
            "profile": None,
            "datasets": None,
            "variants": [],
        }
        rows.append(row)
        try:
            profile = load_file(path)
        except ProfileError as error:
            report(error)
            row["fault"] = error.message
            continue
        variants = [variant.name for variant in profile.variants]
        count = len(profile.datasets)
        row.update(profile=profile.name, datasets=count, variants=variants)
        if not args.json:
            suffix = "".join(f", variant {name}" for name in variants)
            datasets = f"{count} dataset{'s' if count > 1 else ''}"
            print(f"{path}: sound: profile {profile.name}, {datasets}{suffix}")
    if args.json:
        print_json({"profiles": rows})
    return exit_status.FAILED if any(row["fault"] for row in rows) else exit_status.DONE


def _show(args: argparse.Namespace) -> int:
    text, path = profile_text(args.name)
    if args.json:
        print_json({"name": args.name, "file": path, "text": text})
    else:
        print(text, end="")
    return exit_status.DONE


def _new(args: argparse.Namespace) -> int:
    base = None if args.extends is None else load_shipped(args.extends)
    text = new_profile(args.name, base)
    if args.json:
        print_json({"name": args.name, "text": text})
    else:
        print(text, end="")
    return exit_status.DONE


def _schema(_: argparse.Namespace) -> int:
    print_schema(profile_schema())
    return exit_status.DONE
