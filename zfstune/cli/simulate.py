"""``zfstune policy simulate``: the snapshots that a policy would leave with time."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json
from zfstune.cli.policy_options import add_rules, read_policy_options
from zfstune.cli.which_zfs import open_zfs
from zfstune.host.files import write_file
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import format_policy
from zfstune.retention.rule_text import parse_duration
from zfstune.retention.simulation import simulate, timeline
from zfstune.retention.store import stored_policies, zone
from zfstune.retention.timeline_svg import draw
from zfstune.values.duration import DAY, about, format_duration
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown, utc_instant
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.retention.simulation import Simulation


__all__ = ["add_simulate"]


def add_simulate(actions: Any) -> None:
    """Add the action and its options."""
    parser = actions.add_parser(
        "simulate",
        help="show which snapshots a policy would leave",
        description="Show the snapshots that would exist after a time of regular "
        "snapshots: how many of which age, and the longest time between two. Rules are "
        "given as options; without any, the policy stored on DATASET is used. Nothing is "
        "changed.",
    )
    parser.add_argument("dataset", nargs="?", metavar="DATASET")
    parser.add_argument(
        "--every", default="1h", metavar="TIME", help="time between snapshots (default: 1h)"
    )
    parser.add_argument(
        "--until",
        default="1y",
        metavar="TIME",
        help="time to simulate (default: 1y, 365 days)",
    )
    add_json(parser)
    parser.add_argument(
        "--svg", metavar="FILE", help="draw the result into that file as well"
    )
    add_rules(parser)
    parser.set_defaults(run=_simulate)


def _simulate(args: argparse.Namespace) -> int:
    policy = _policy(args)
    every, until = _seconds("every", args.every), _seconds("until", args.until)
    now = datetime.now(UTC).replace(microsecond=0)
    simulations = [
        (
            format_policy(type(policy)((group,), policy.tz, allow_zero=True)),
            simulate(group, every, now, until, zone(policy)),
        )
        for group in policy.groups
    ]
    if args.svg is not None:
        write_file(args.svg, draw(simulations))
    if args.json:
        print_json({"simulations": [_row(text, result) for text, result in simulations]})
        return exit_status.DONE
    for text, result in simulations:
        _print(text, result, args.until)
    return exit_status.DONE


def _policy(args: argparse.Namespace) -> Policy:
    keep, policy = read_policy_options(args)
    if keep is not None:
        return Policy.last(keep, args.match)
    if policy is not None:
        return policy
    if args.dataset is not None:
        with open_zfs(args) as engine:
            stored = stored_policies(engine, [engine.dataset(args.dataset)])
        if args.dataset in stored:
            return stored[args.dataset].policy
    where = f" for '{args.dataset}'" if args.dataset else ""
    raise PolicyError(
        f"cannot simulate{where}: no rule says what to keep",
        hint="give a rule, as in --keep-hourly 48 --keep-daily 30",
    )


def _seconds(option: str, value: str) -> int:
    years = value.removesuffix("y")
    if years == value:
        return parse_duration(f"--{option}", value)
    try:
        return read_whole(years) * 365 * DAY
    except NumberError as error:
        raise PolicyError(
            f"cannot simulate '--{option} {shown(value)}': {error.reason}",
            hint="give a time as in 1h, 30d or 2y",
        ) from None


def _print(text: str, result: Simulation, until: str) -> None:
    oldest = about(result.end - result.times[0]) if result.times else "-"
    every = format_duration(result.every_seconds)
    print(f"{text}, a snapshot every {every}, after {until}:")
    print("\n".join(timeline(result)))
    print(
        f"{len(result.times)} of {result.taken} snapshots, the oldest {oldest} old, "
        f"worst gap {about(result.worst_gap_seconds)}"
    )


def _row(text: str, result: Simulation) -> dict[str, object]:
    return {
        "policy": text,
        "every_s": result.every_seconds,
        "end": utc_instant(result.end),
        "taken": result.taken,
        "left": len(result.times),
        "worst_gap_s": result.worst_gap_seconds,
        "times": [utc_instant(taken) for taken in result.times],
    }
