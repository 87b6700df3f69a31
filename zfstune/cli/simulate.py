"""``zfstune policy simulate``: the snapshots that a policy would leave with time."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.policy_options import add_rules, read_policy_options
from zfstune.cli.which_zfs import open_zfs
from zfstune.host.files import write_file
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import format_policy
from zfstune.retention.rule_text import parse_duration
from zfstune.retention.simulate_policy import simulate_policy
from zfstune.retention.store import stored_policies
from zfstune.retention.timeline_svg import draw
from zfstune.values.duration import DAY, format_duration
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown
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
    parts = [Policy((group,), policy.tz, allow_zero=True) for group in policy.groups]
    results = simulate_policy(policy, every_s=every, until_s=until)
    simulations = list(zip(map(format_policy, parts), results, strict=True))
    if args.svg is not None:
        write_file(args.svg, draw(simulations))
    if args.json:
        rows = [{"policy": text, **result.to_dict()} for text, result in simulations]
        print_json({"simulations": rows})
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
    every = format_duration(result.every_seconds)
    print_lines([f"{text}, a snapshot every {every}, after {until}:"])
    print_lines([str(result)])
