"""The options that say what to keep, of the verbs that take them."""

from __future__ import annotations

from zfstune.retention.policy import Group, Never, Policy
from zfstune.retention.policy_text import check_zone, parse_rule
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


__all__ = ["add_rules", "read_count", "read_rules"]

_PERIODS = ("hourly", "daily", "weekly", "monthly", "quarterly", "yearly")


def add_rules(parser: Any) -> None:
    """Add the options; each but --match, --regex and --tz is a rule."""
    group = parser.add_argument_group(
        "rules", "What one of them keeps stays. N is a number or `unlimited`."
    )
    group.add_argument("--keep", metavar="N", help="the newest N")
    for period in _PERIODS:
        group.add_argument(
            f"--keep-{period}", metavar="N", help=f"one of each period, {period}: newest N"
        )
    group.add_argument(
        "--keep-within", metavar="AGE", help="up to that old: s, m, h, d or w, as in 7d"
    )
    group.add_argument(
        "--keep-newer-than",
        metavar="WHEN",
        help="from that snapshot (what follows its @) or time on; a time is in UTC, and in "
        "this form alone: 2026-11-23T03:00:00Z",
    )
    group.add_argument(
        "--grid", metavar="SPANS", help="thinner with age: '1x1h(keep=all) | 24x1h | 7x1d'"
    )
    group.add_argument("--never", action="store_true", help="all, for ever: an audit trail")
    group.add_argument(
        "--match",
        metavar="GLOB",
        help="names in scope, whoever made them; must match all that follows the @",
    )
    group.add_argument(
        "--regex", help="the same as a regular expression, which must match all as well"
    )
    group.add_argument(
        "--tz", metavar="ZONE", help="where periods begin, as Europe/Berlin; default: UTC"
    )


def read_count(option: str, text: str) -> int:
    """Read the number of an option.

    Raises:
        PolicyError: It is none.
    """
    try:
        return read_whole(text)
    except NumberError as error:
        reason = "a count is never negative" if text.startswith("-") else error.reason
        raise PolicyError(
            f"cannot use policy '{option} {shown(text)}': {reason}",
            hint="a whole number, as in --keep 48",
        ) from None


def read_rules(args: argparse.Namespace) -> tuple[int | None, Policy | None]:
    """Give the count where that is all that was said, else the policy, or neither.

    Raises:
        PolicyError: An option makes no sense, or a scope or zone has no rule.
    """
    said = {
        f"keep-{word}": value
        for word in (*_PERIODS, "within", "newer-than")
        if (value := getattr(args, f"keep_{word.replace('-', '_')}")) is not None
    }
    said |= {} if args.grid is None else {"grid": args.grid}
    others = said or args.never or args.regex is not None or args.tz is not None
    if not others and args.keep is not None and args.keep != "unlimited":
        return read_count("--keep", args.keep), None
    if not others and args.keep is None and args.match is None:
        return None, None

    if args.keep is not None:
        said["keep"] = args.keep
    rules = [
        parse_rule(f"--{option}={value}", option.removeprefix("keep-"), value)
        for option, value in said.items()
    ]
    rules += [Never()] * args.never
    group = Group(tuple(rules), args.match, args.regex)
    allow_zero = getattr(args, "all_of_them", False)
    return None, Policy((group,), check_zone(args.tz or "UTC"), allow_zero)
