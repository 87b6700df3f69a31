"""``zfstune schedule run``: one job for a timer, or all of them by its own clock."""

from __future__ import annotations

import time
from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.main import run_to_status
from zfstune.cli.output import print_json_line, print_lines, report, warn
from zfstune.cli.watch import start_beside, watched
from zfstune.cli.which_zfs import image_path, open_zfs, uses_image
from zfstune.host.files import state_folder
from zfstune.schedules.run import due_runs, is_due, run_job
from zfstune.schedules.unit_text import JOBS
from zfstune.values.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection

    from zfstune.engine.protocol import Engine
    from zfstune.schedules.replicate_to import Sending
    from zfstune.streams.steps import PlanStep


__all__ = ["run_forever", "run_once"]

_MINUTE = 60
_sleep = time.sleep


def run_once(args: argparse.Namespace) -> int:
    """Do the one job that a unit asks for."""
    return _apart(args, lambda: _once(args, args.once, args.dataset))


def run_forever(args: argparse.Namespace) -> int:
    """Do the runs that are due, every minute.

    Each minute has a process of its own, so that neither a suspended pool nor a fault in
    one run stops the runs that follow. A replication may last for days, so on the
    kernel's ZFS a second process does those; only one process can have an image open.
    """
    if uses_image(args):
        return _every_minute(args, JOBS)
    start_beside(lambda: _every_minute(args, ("replicate",)))
    return _every_minute(args, tuple(job for job in JOBS if job != "replicate"))


def _every_minute(args: argparse.Namespace, jobs: tuple[str, ...]) -> int:
    first = "snapshot" in jobs
    while True:
        do_due_runs = partial(_due, args, jobs, first=first)
        first = False
        try:
            _apart(args, do_due_runs)
        except ZfstuneError as error:  # on an image; otherwise the child reports it
            report(error)
        _sleep(_MINUTE - time.time() % _MINUTE)


def _once(args: argparse.Namespace, job: str, dataset: str) -> int:
    if args.if_due:
        with open_zfs(args) as engine:
            due = is_due(engine, job, dataset, _folder(args), _now())
        if not due:
            if not args.json:
                print_lines([f"{dataset}: the {job} is not due, or was done already"])
            return exit_status.DONE
    return _job(args, job, dataset)


def _due(args: argparse.Namespace, jobs: tuple[str, ...], *, first: bool) -> int:
    with open_zfs(args) as engine:
        due, faults, any_schedule = due_runs(engine, _folder(args), _now())
    due = [run for run in due if run[0] in jobs]
    faults = faults if "snapshot" in jobs else []  # each is reported once
    if first and not any_schedule:
        warn(
            "no dataset has a schedule: waiting until one has",
            "profiles come with a schedule, as in `zfstune apply web`"
            if uses_image(args)
            else "zfstune schedule install DATASET --every hourly",
        )
    for fault in faults:
        report(fault)
    result = exit_status.FAILED if faults else exit_status.DONE
    for job, dataset in due:
        try:
            done = _job(args, job, dataset)
        except ZfstuneError as error:
            report(error)
            done = exit_status.FAILED
        result = result or done
    return result


def _job(args: argparse.Namespace, job: str, dataset: str) -> int:
    run = run_job(
        lambda: open_zfs(args), job, dataset, _folder(args), _now, replicate=_replicate
    )
    if run is None:
        warn(f"skipped '{dataset}': another {job} of it is under way")
        return exit_status.DONE
    if args.json:
        changed = any((run.taken, run.sent, run.destroyed))
        status = exit_status.PARTLY if run.error else exit_status.DONE
        print_json_line(
            "schedule-run",
            run.to_dict(),
            exit_status=status,
            changed=changed,
            failures=run.error.splitlines(),
        )
    elif job == "snapshot":
        print_lines([f"{dataset}: took {run.taken}"])
    elif job == "replicate":
        print_lines([f"{dataset}: sent {run.sent}"])
    else:
        spared = f", kept {run.spared} that the policy lets go" if run.spared else ""
        print_lines([f"{dataset}: destroyed {run.destroyed}{spared}"])
    if run.error:
        warn(run.error)
    return exit_status.PARTLY if run.error else exit_status.DONE


def _replicate(
    engine: Engine, dataset: str, target: str, apart: Collection[str], sending: Sending
) -> int:
    """Bring a target up to a dataset and those below it, and count the streams."""
    from zfstune.streams.replicate import (  # noqa: PLC0415 (slow, and few runs need it)
        replicate,
    )
    from zfstune.streams.steps import Orphan  # noqa: PLC0415 (slow, too)

    def told(step: PlanStep) -> None:
        if isinstance(step, Orphan):
            warn(step.describe())

    plan = replicate(
        dataset,
        target,
        engine=engine,
        recursive=True,
        exclude=apart,
        exclude_properties=sending.exclude_properties,
        take_properties=sending.take_properties,
        on_step=told,
    )
    return sum(len(each.makes) for each in plan.datasets)


def _folder(args: argparse.Namespace) -> str:
    return state_folder(args.state, image=image_path(args))


def _now() -> int:
    return int(time.time())


def _apart(args: argparse.Namespace, work: Callable[[], int]) -> int:
    """Do work on the kernel's ZFS in a child, so that it cannot block this process."""
    if uses_image(args):
        return work()
    return watched(lambda: run_to_status(work))
