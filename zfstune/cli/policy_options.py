"""The options for retention rules, which several verbs share."""

from __future__ import annotations

from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import check_zone
from zfstune.retention.rule_kinds import PERIODS, Never, Unreplicated
from zfstune.retention.rule_text import parse_rule
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


__all__ = ["add_rules", "read_count", "read_policy_options"]


def add_rules(parser: Any) -> None:
    """Add the options: all are rules but --match, --regex and --tz."""
    group = parser.add_argument_group(
        "rules", "A snapshot is kept if any rule keeps it. N is a number or `unlimited`."
    )
    group.add_argument("--keep", metavar="N", help="keep the newest N")
    for option, period in PERIODS.items():
        group.add_argument(
            f"--keep-{option}",
            metavar="N",
            help=f"keep one snapshot of each {period}, the newest N of them",
        )
    group.add_argument(
        "--keep-within",
        metavar="AGE",
        help="keep all up to that age in s, m, h, d or w, as in 7d",
    )
    group.add_argument(
        "--keep-newer-than",
        metavar="WHEN",
        help="keep all from that snapshot (its name after the @) or time on; a time is in "
        "UTC and has this form: 2026-11-23T03:00:00Z",
    )
    group.add_argument(
        "--grid",
        metavar="SPANS",
        help="keep fewer with age: '1x1h(keep=all) | 24x1h | 7x1d'",
    )
    group.add_argument(
        "--keep-unreplicated",
        action="store_true",
        help="keep all that a target of `zfstune replicate` lacks",
    )
    group.add_argument(
        "--never", action="store_true", help="keep all for ever, as for an audit trail"
    )
    group.add_argument(
        "--match",
        metavar="GLOB",
        help="snapshots in scope, also those that zfstune did not make; it must match the "
        "whole name after the @",
    )
    group.add_argument(
        "--regex", help="the same, as a regular expression that matches the whole name"
    )
    group.add_argument(
        "--tz",
        metavar="ZONE",
        help="the time zone in which periods begin, as Europe/Berlin (default: UTC)",
    )


def read_count(option: str, text: str) -> int:
    """Read the whole number that an option gives.

    Raises:
        PolicyError: The text is not a whole number.
    """
    try:
        return read_whole(text)
    except NumberError as error:
        reason = "a count is never negative" if text.startswith("-") else error.reason
        raise PolicyError(
            f"cannot use policy '{option} {shown(text)}': {reason}",
            hint="give a whole number, as in --keep 48",
        ) from None


def read_policy_options(args: argparse.Namespace) -> tuple[int | None, Policy | None]:
    """Return the count of a lone --keep, else the policy of the options, or neither.

    Raises:
        PolicyError: An option makes no sense, or there is a scope or a zone without a rule.
    """
    options = {
        f"keep-{word}": value
        for word in (*PERIODS, "within", "newer-than")
        if (value := getattr(args, f"keep_{word.replace('-', '_')}")) is not None
    }
    options |= {} if args.grid is None else {"grid": args.grid}
    others = (
        options
        or args.keep_unreplicated
        or args.never
        or args.regex is not None
        or args.tz is not None
    )
    if not others and args.keep is not None and args.keep != "unlimited":
        return read_count("--keep", args.keep), None
    if not others and args.keep is None and args.match is None:
        return None, None
    if args.keep is not None:
        options["keep"] = args.keep
    rules = [
        parse_rule(f"--{option}={value}", option.removeprefix("keep-"), value)
        for option, value in options.items()
    ]
    rules += [Unreplicated()] * args.keep_unreplicated + [Never()] * args.never
    group = Group(tuple(rules), args.match, args.regex)
    allow_zero = getattr(args, "all_of_them", False)
    return None, Policy((group,), check_zone(args.tz or "UTC"), allow_zero)
