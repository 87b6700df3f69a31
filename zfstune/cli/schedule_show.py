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


__all__ = ["show_schedules", "warn_of_misfits"]


def show_schedules(
    args: argparse.Namespace, named: Callable[[Engine], list[str]] | None
) -> int:
    """Show the schedules of the named datasets and all below them; None: of all."""
    faults: list[ZfstuneError] = []
    with open_zfs(args) as engine:
        roots = [] if named is None else named(engine)
        whole = named is None or roots
        schedules = scheduled(engine, roots, faults=faults) if whole else []
    enabled = enabled_timers(args.folder)
    folder = state_folder(args.state, image=image_path(args))
    standings = {
        schedule.dataset: _standing(args.folder, schedule) for schedule in schedules
    }
    rows: list[dict[str, Any]] = [
        {
            "dataset": schedule.dataset,
            "every": str(schedule.cadence),
            "keeps": None if schedule.policy is None else format_policy(schedule.policy),
            "replicates_to": list(schedule.replicates_to),
            "replicates_with": schedule.replicates_with or None,
            "datasets": list(schedule.members),
            "timers": [job for job in JOBS if (job, schedule.dataset) in enabled],
            "outdated": list(standings[schedule.dataset].outdated),
            "runs": {
                job: reported_run(folder, job, schedule.dataset, schedule.guid)
                for job in JOBS
            },
        }
        for schedule in schedules
    ]
    if args.json:
        for row in rows:
            row["runs"] = {job: _facts(run) for job, run in row["runs"].items()}
        print_json({"schedules": rows})
    else:
        lasts = [f"LAST {job.upper()}" for job in JOBS]
        header = ("DATASET", "EVERY", "KEEPS", "REPLICATES TO", "TIMERS", *lasts)
        cells = [_cells(row, scripted=args.scripted) for row in rows]
        print_table(header, cells, scripted=args.scripted)
    for schedule in schedules:
        if standings[schedule.dataset].outdated:
            _warn_of_outdated(schedule, standings[schedule.dataset])
    warn_of_misfits(schedules)
    for fault in faults:
        report(fault)
    return exit_status.PARTLY if faults else exit_status.DONE


def warn_of_misfits(schedules: Iterable[Scheduled]) -> None:
    """Warn of policies that do not fit the snapshots that the schedule takes."""
    for schedule in schedules:
        for dataset, policy in schedule.policies:
            fault = mismatch(schedule.cadence, policy)
            if fault:
                command = policy_command(dataset, schedule.cadence, policy)
                warn(f"'{dataset}': {fault}", command)


def _standing(folder: str, schedule: Scheduled) -> Standing:
    try:
        timers = timers_for(schedule.dataset, schedule.cadence, schedule.zone())
    except PolicyError:  # its zone does not exist any more; a run says so
        timers = {}
    return standing(folder, schedule.dataset, timers)


def _warn_of_outdated(schedule: Scheduled, installed: Standing) -> None:
    """Print the command that writes the timers anew with the same options."""
    options = (
        f" --on-failure {for_shell(installed.on_failure)}" if installed.on_failure else ""
    )
    if schedule.prunes and not installed.prunes:
        options += " --no-prune"
    warn(
        f"the timers of '{schedule.dataset}' are outdated: install would write others",
        f"zfstune schedule install{options} {for_shell(schedule.dataset)}",
    )


def _cells(row: dict[str, Any], *, scripted: bool) -> list[str]:
    targets = ",".join(row["replicates_to"]) or "-"
    if row["replicates_with"] and not scripted:  # scripts find the options in the JSON
        targets += f" {row['replicates_with']}"
    return [
        row["dataset"],
        row["every"],
        row["keeps"] or "-",
        targets,
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
