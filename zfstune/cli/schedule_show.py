"""``zfstune schedule show``: the schedules, and whether timers and policies fit."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json, print_table, report, warn
from zfstune.cli.which_zfs import image_path, open_zfs
from zfstune.host.files import state_folder
from zfstune.retention.policy_text import format_policy
from zfstune.schedules.install import enabled_timers, standing
from zfstune.schedules.note import reported_run
from zfstune.schedules.policy_fit import mismatch, policy_command
from zfstune.schedules.schedule import scheduled
from zfstune.schedules.unit_text import JOBS, timers_for
from zfstune.values.errors import PolicyError
from zfstune.values.text import for_shell, utc_minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.schedules.install import Standing
    from zfstune.schedules.last_run import LastRun
    from zfstune.schedules.schedule import Scheduled
    from zfstune.values.errors import ZfstuneError


__all__ = ["show", "warn_of_misfits"]


def show(args: argparse.Namespace, named: Callable[[Engine], list[str]] | None) -> int:
    """Show the schedules of the named datasets and all below them; None: of all."""
    faults: list[ZfstuneError] = []
    with open_zfs(args) as engine:
        roots = [] if named is None else named(engine)
        whole = named is None or roots
        found = scheduled(engine, roots, faults=faults) if whole else []
    enabled = enabled_timers(args.folder)
    folder = state_folder(args.state, image=image_path(args))
    stand = {each.dataset: _standing(args.folder, each) for each in found}
    rows: list[dict[str, Any]] = [
        {
            "dataset": each.dataset,
            "every": str(each.cadence),
            "keeps": None if each.policy is None else format_policy(each.policy),
            "datasets": list(each.members),
            "timers": [job for job in JOBS if (job, each.dataset) in enabled],
            "outdated": list(stand[each.dataset].outdated),
            "runs": {
                job: reported_run(folder, job, each.dataset, each.guid) for job in JOBS
            },
        }
        for each in found
    ]
    if args.json:
        for row in rows:
            row["runs"] = {job: _facts(run) for job, run in row["runs"].items()}
        print_json({"schedules": rows})
    else:
        header = ("DATASET", "EVERY", "KEEPS", "TIMERS", "LAST SNAPSHOT", "LAST PRUNE")
        print_table(header, [_cells(row) for row in rows], scripted=args.scripted)
    for each in found:
        if stand[each.dataset].outdated:
            _warn_of_outdated(each, stand[each.dataset])
    warn_of_misfits(found)
    for fault in faults:
        report(fault)
    return exit_status.PARTLY if faults else exit_status.DONE


def warn_of_misfits(schedules: Iterable[Scheduled]) -> None:
    """Warn of policies that do not fit the snapshots that the schedule takes."""
    for each in schedules:
        for dataset, policy in each.policies:
            fault = mismatch(each.cadence, policy)
            if fault:
                command = policy_command(dataset, each.cadence, policy)
                warn(f"'{dataset}': {fault}", command)


def _standing(folder: str, each: Scheduled) -> Standing:
    try:
        timers = timers_for(each.dataset, each.cadence, each.zone())
    except PolicyError:  # its zone does not exist any more; a run says so
        timers = {}
    return standing(folder, each.dataset, timers)


def _warn_of_outdated(each: Scheduled, there: Standing) -> None:
    """Print the command that writes the timers anew with the same options."""
    options = f" --on-failure {for_shell(there.on_failure)}" if there.on_failure else ""
    if each.prunes and not there.prunes:
        options += " --no-prune"
    warn(
        f"the timers of '{each.dataset}' are not those that would be written now",
        f"zfstune schedule install{options} {for_shell(each.dataset)}",
    )


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["dataset"],
        row["every"],
        row["keeps"] or "-",
        ",".join(row["timers"]) or "-",
        *(_last(run) for run in row["runs"].values()),
    ]


def _last(run: LastRun | None) -> str:
    if run is None:
        return "-"
    when = utc_minute(run.ended)
    return f"{when} failed" if run.error else when


def _facts(run: LastRun | None) -> dict[str, object] | None:
    return None if run is None else run.to_dict()
