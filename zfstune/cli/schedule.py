"""``zfstune schedule``: snapshots, replication and pruning by the clock."""

from __future__ import annotations

import os
import sys

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_lines, report, warn
from zfstune.cli.profile_options import add_role
from zfstune.cli.schedule_replication import add_replication, with_replication
from zfstune.cli.schedule_run import run_forever, run_once
from zfstune.cli.schedule_set import add_set
from zfstune.cli.schedule_show import show_schedules, warn_of_misfits
from zfstune.cli.schedule_targets import named_datasets, without_taken_along
from zfstune.cli.which_zfs import open_zfs, uses_kernel
from zfstune.engine.pools import datasets_below
from zfstune.schedules.cadence import NO_SCHEDULE
from zfstune.schedules.install import carry_out, plan_install, plan_remove
from zfstune.schedules.schedule import targets
from zfstune.schedules.store import store_changes, stored_changes
from zfstune.schedules.stored_changes import StoredChanges
from zfstune.schedules.unit_text import JOBS, units_for
from zfstune.values.errors import InvalidValue, PlanError, ZfsUnavailable
from zfstune.values.marks import SCHEDULE_PROPERTY
from zfstune.values.text import did_you_mean, for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any

    from zfstune.schedules.install import UnitStep
    from zfstune.schedules.schedule import Scheduled


__all__ = ["add_arguments"]

_FOLDER = "/etc/systemd/system"
_DESCRIPTION = (
    "Take snapshots by the clock, replicate them where a target is given, and prune them "
    "by the policy stored on each dataset. install writes units for systemd, run does the "
    "same without it. The schedule is stored on the dataset, as org.zfstune:schedule: "
    "profiles bring one along, and --every sets it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    parser.description = _DESCRIPTION
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add_set(actions)
    _add_install(actions)
    _add_show(actions)
    _add_remove(actions)
    _add_run(actions)


def _add_install(actions: Any) -> None:
    install = actions.add_parser(
        "install",
        help="write systemd units, and enable their timers",
        description="Write a timer and a service for snapshots, and another two for "
        "pruning, for each dataset, and for replication where it has a target; and enable "
        "the timers. Datasets below one are taken "
        "along at the same instant, unless they have a schedule of their own. A second "
        "run changes nothing, and files that zfstune did not write are never touched.",
    )
    _add_targets(install)
    install.add_argument(
        "--every",
        metavar="WHEN",
        help="15m, hourly, 4h, daily, daily@02:05, weekly or monthly, in the zone of the "
        "policy (default: what is stored on the dataset)",
    )
    _add_sending(install)
    install.add_argument(
        "--no-prune", action="store_true", help="write no units that prune"
    )
    install.add_argument(
        "--on-failure",
        metavar="UNIT",
        default="",
        help="start that unit when a run fails, as in alert@%%n.service",
    )
    install.set_defaults(run=_install, refuse=install.error)


def _add_sending(install: Any) -> None:
    add_replication(
        install,
        "also send the dataset, and those that are taken along below it, to TARGET, as "
        "`zfstune replicate -r` does; may be repeated (default: what is stored on the "
        "dataset, with its options)",
    )
    install.add_argument(
        "--no-replicate",
        action="store_true",
        help="send nothing any more; the targets stay as they are",
    )


def _add_show(actions: Any) -> None:
    show = actions.add_parser(
        "show",
        help="show the schedules, and how the last runs ended",
        description="Show each dataset that has a schedule, whether its timers are "
        "enabled, and how the last runs ended. A warning says where install would write "
        "other timers now, and where the policy does not fit the schedule.",
    )
    _add_names(show, "these and all below (default: all)")
    _add_folder(show)
    _add_state(show)
    add_scripted(show)
    add_json(show)
    show.set_defaults(run=_show)


def _add_remove(actions: Any) -> None:
    remove = actions.add_parser(
        "remove",
        help="remove the units and the schedules",
        description="Remove the units that zfstune wrote, and store on the datasets that "
        "they have no schedule and no targets. Snapshots and targets stay as they are.",
    )
    _add_targets(remove)
    remove.set_defaults(run=_remove, refuse=remove.error)


def _add_run(actions: Any) -> None:
    run = actions.add_parser(
        "run",
        help="do what the timers do, without systemd",
        description="Do what the timers do, in the foreground: look every minute which "
        "snapshots, replications and prunes are due, and do them. Runs that were missed "
        "are made up for once. Two of these processes at a time do no harm.",
    )
    run.add_argument(
        "--once",
        choices=JOBS,
        metavar="JOB",
        help="do one job, snapshot, replicate or prune, on DATASET, and end; the units "
        "call this",
    )
    run.add_argument(
        "--if-due",
        action="store_true",
        help="with --once: only if no such run has begun since the last time that the "
        "schedule of the dataset names, in the zone of its policy",
    )
    run.add_argument("dataset", nargs="?", metavar="DATASET", help="with --once")
    _add_state(run)
    run.add_argument("--json", action="store_true", help="print a line of JSON a run")
    run.set_defaults(run=_run, refuse=run.error, watches_itself=True, prints_lines=True)


def _add_names(parser: argparse.ArgumentParser, what: str | None = None) -> None:
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help=what)
    add_role(parser, "the datasets that the profiles of a role schedule")
    parser.add_argument(
        "--all", action="store_true", help="all datasets that have a schedule"
    )
    parser.add_argument("--pool", help="for --role (default: as for apply)")
    parser.add_argument(
        "--root", metavar="DATASET", help="for --role (default: POOL/data, as for apply)"
    )


def _add_targets(parser: argparse.ArgumentParser) -> None:
    _add_names(parser)
    _add_folder(parser)
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the files and change nothing"
    )
    add_json(parser)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir",
        dest="folder",
        default=_FOLDER,
        help="the folder of the units (default: %(default)s)",
    )


def _add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        metavar="DIR",
        help="the folder of the notes on runs (default: $STATE_DIRECTORY or "
        "/var/lib/zfstune; for an image: FILE.runs)",
    )


def _install(args: argparse.Namespace) -> int:
    if not uses_kernel(args):
        raise InvalidValue(
            "cannot write units for an image: they work on the kernel's ZFS",
            hint="`zfstune --image FILE schedule run` does what they do",
        )
    with open_zfs(args) as engine:
        named = named_datasets(args, engine)
        if args.every is None:
            named = without_taken_along(args, engine, named)
        schedules = targets(engine, named, args.every, needs_policy=not args.no_prune)
        if args.replicate and args.no_replicate:
            args.refuse("--no-replicate goes without --replicate")
        schedules = with_replication(args, schedules, none=args.no_replicate)
        units = [unit for schedule in schedules for unit in _units(args, schedule)]
        steps = plan_install(
            args.folder, units, [schedule.dataset for schedule in schedules]
        )
        changes = stored_changes(engine, schedules)
        if not args.dry_run:
            store_changes(engine, changes)
            carry_out(args.folder, steps)
    _print_changes(args, steps, changes)
    if not args.no_prune:
        warn_of_misfits(schedules)
    _tell_of_systemctl(args, steps)
    return exit_status.DONE


def _units(args: argparse.Namespace, schedule: Scheduled) -> Iterable[Any]:
    return units_for(
        schedule.dataset,
        schedule.cadence,
        schedule.zone(),
        _command(),
        prunes=schedule.prunes and not args.no_prune,
        replicates_to=schedule.replicates_to,
        on_failure=args.on_failure,
    )


def _command() -> list[str]:
    """Return the words that start this command: its own path, or Python and -m."""
    program = os.path.abspath(sys.argv[0])
    named = os.path.basename(program) == "zfstune"
    if named and os.path.isfile(program) and os.access(program, os.X_OK):
        return [program]
    return [sys.executable, "-m", "zfstune"]


def _remove(args: argparse.Namespace) -> int:
    whole = args.all and not (args.datasets or args.roles)
    changes = StoredChanges({}, {}, {})
    unknown: list[str] = []
    known: list[str] = []
    try:
        with open_zfs(args) as engine:
            named = named_datasets(args, engine)
            steps = plan_remove(args.folder, None if whole else named)
            unknown = [
                name
                for name in named
                if not engine.exists(name) and not plan_remove(args.folder, [name])
            ]
            known = list(datasets_below(engine)) if unknown else []
            scheduled = [
                name
                for name in named
                if engine.exists(name)
                and engine.dataset(name).value(SCHEDULE_PROPERTY) is not None
            ]
            changes = stored_changes(
                engine,
                unscheduled=dict.fromkeys(scheduled, NO_SCHEDULE),
                unsent=[name for name in named if engine.exists(name)],
            )
            if not args.dry_run:
                carry_out(args.folder, steps)
                store_changes(engine, changes)
    except ZfsUnavailable:
        if args.roles:
            raise
        steps = plan_remove(args.folder, None if whole else args.datasets)
        if not args.dry_run:
            carry_out(args.folder, steps)
    _print_changes(args, steps, changes)
    _tell_of_systemctl(args, steps)
    for name in unknown:
        hint = did_you_mean(name, known, "`zfstune schedule show` lists the schedules")
        message = f"left '{name}': there is no such dataset, and no unit of that name"
        report(PlanError(message, hint=hint))
    return exit_status.PARTLY if unknown else exit_status.DONE


def _tell_of_systemctl(args: argparse.Namespace, steps: tuple[UnitStep, ...]) -> None:
    """Print the systemctl commands to run by hand: zfstune starts no program."""
    changed = [step for step in steps if step.action != "keep"]
    if args.dry_run or not changed or args.folder != _FOLDER:
        return
    if not os.path.isdir("/run/systemd/system"):
        warn(
            "this host does not run systemd: the units do nothing here",
            "`zfstune schedule run` does what they do",
        )
        return
    timers = [step for step in steps if step.name.endswith(".timer")]
    removed = [for_shell(step.name) for step in timers if step.action == "remove"]
    present = [for_shell(step.name) for step in timers if step.action != "remove"]
    commands = [f"systemctl stop {' '.join(dict.fromkeys(removed))}"] if removed else []
    commands.append("systemctl daemon-reload")
    if present:
        commands.append(f"systemctl restart {' '.join(dict.fromkeys(present))}")
    warn("systemd does not know of these changes yet", " && ".join(commands))


def _print_changes(
    args: argparse.Namespace, steps: tuple[UnitStep, ...], changes: StoredChanges
) -> None:
    """Print the schedules and the files that were changed, or would be."""
    if args.json:
        rows = [
            {"action": step.action, "name": step.name, "text": step.text or None}
            for step in steps
        ]
        changed = any(changes.lines()) or any(step.action != "keep" for step in steps)
        print_json(
            {"dir": args.folder, **changes.to_dict(), "steps": rows}, changed=changed
        )
        return
    lines = tuple(changes.lines())
    if not steps and not lines:
        print("nothing to do: no units, and no schedule to change")
    for line in lines:
        print_lines([line])
    for step in steps:
        print(f"{step.action} {args.folder}/{step.name}")
        if args.dry_run and step.action == "write":
            print("".join(f"    {line}\n".rstrip(" ") for line in step.text.splitlines()))


def _show(args: argparse.Namespace) -> int:
    whole = args.all or not (args.datasets or args.roles)
    return show_schedules(
        args, None if whole else lambda engine: named_datasets(args, engine)
    )


def _run(args: argparse.Namespace) -> int:
    if (args.once is None) != (args.dataset is None):
        args.refuse("--once JOB and DATASET go together")
    if args.if_due and args.once is None:
        args.refuse("--if-due goes with --once")
    return run_once(args) if args.once else run_forever(args)
