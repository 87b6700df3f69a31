"""``zfstune schedule run``: one job for a timer, or all of them by its own clock."""

from __future__ import annotations

import time

from zfstune.cli import status
from zfstune.cli.opening import is_image_meant, open_meant
from zfstune.cli.output import report, warn
from zfstune.errors import ZfstuneError
from zfstune.runs import state_folder
from zfstune.scheduling import due_runs, run_job

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["run_forever", "run_once"]

_MINUTE = 60
_sleep = time.sleep


def run_once(args: argparse.Namespace) -> int:
    """Do what a unit calls for."""
    return _apart(args, lambda: _job(args, args.once, args.dataset))


def run_forever(args: argparse.Namespace) -> int:
    """Look every minute what is due, and do it.

    Each look is a process of its own, so that neither a pool that was suspended nor
    a fault in one run stops the others that follow.
    """
    while True:
        try:
            _apart(args, lambda: _due(args))
        except ZfstuneError as error:  # of an image; the kernel's are told by the child
            report(error)
        _sleep(_MINUTE - time.time() % _MINUTE)


def _due(args: argparse.Namespace) -> int:
    folder = state_folder(args.state)
    with open_meant(args) as engine:
        due, faults = due_runs(engine, folder, _now())
    for fault in faults:
        report(fault)
    result = status.FAILED if faults else status.DONE
    for job, dataset in due:
        try:
            done = _job(args, job, dataset)
        except ZfstuneError as error:
            report(error)
            done = status.FAILED
        result = result or done
    return result


def _job(args: argparse.Namespace, job: str, dataset: str) -> int:
    folder = state_folder(args.state)
    run = run_job(lambda: open_meant(args), job, dataset, folder, _now)
    if run is None:
        warn(f"left '{dataset}' to the {job} of it that is under way")
        return status.DONE
    if args.json:
        print(run.to_json(), end="", flush=True)
    elif job == "snapshot":
        print(f"{dataset}: took {run.taken}", flush=True)
    else:
        spared = f", {run.spared} stay though they were to go" * bool(run.spared)
        print(f"{dataset}: destroyed {run.destroyed}{spared}", flush=True)
    if run.error:
        warn(run.error)
    return status.PARTLY if run.spared or run.error else status.DONE


def _now() -> int:
    return int(time.time())


def _apart(args: argparse.Namespace, work: Callable[[], int]) -> int:
    """Do the work where it cannot hold this process, if the kernel is to do it."""
    if is_image_meant(args):
        return work()
    from zfstune.cli import settle  # noqa: PLC0415 (it imports the parser)
    from zfstune.cli.watch import watched  # noqa: PLC0415 (as above)

    return watched(lambda: settle(work))
