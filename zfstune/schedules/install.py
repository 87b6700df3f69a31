"""Write, list and remove zfstune's unit files for systemd.

No program is started: a timer is enabled by the link that ``systemctl enable`` would
make, and the command tells the user to run ``systemctl daemon-reload``.
"""

from __future__ import annotations

import os
from contextlib import suppress

from zfstune.host.files import read_plain, write_file
from zfstune.schedules.unit_text import JOBS, PREFIX, WANTS, Unit, hook_of, owner_of
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


__all__ = [
    "Standing",
    "UnitStep",
    "carry_out",
    "enabled_timers",
    "installed",
    "plan_install",
    "plan_remove",
    "standing",
]

_MOST_CHARACTERS = 1 << 16
_ELSEWHERE = "run it as root, or have the units written elsewhere: --dir FOLDER"


@frozen
class UnitStep:
    """One change to a unit file or to the link that enables it.

    Attributes:
        action: ``write``, ``enable``, ``remove`` or ``keep``.
        name: The unit's name, as in ``zfstune-prune-tank.timer``.
        text: The text to write.
    """

    action: str
    name: str
    text: str = ""


def installed(folder: str) -> dict[str, Unit]:
    """Read the units that zfstune wrote, by name.

    Raises:
        PlanError: The folder cannot be read.
    """
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PlanError(
            f"cannot list '{shown(folder)}': {error.strerror}", hint=_ELSEWHERE
        ) from None
    units = {}
    for name in sorted(entries):
        if name.startswith(PREFIX) and name.endswith((".service", ".timer")):
            text = read_plain(os.path.join(folder, name), _MOST_CHARACTERS)
            if text is not None and owner_of(text) is not None:
                units[name] = Unit(name, text)
    return units


def enabled_timers(folder: str) -> set[tuple[str, str]]:
    """List the job and the dataset of each timer that starts at boot."""
    return {
        (job, owner_of(unit.text) or "")
        for unit in installed(folder).values()
        if unit.enabled and _is_enabled(folder, unit.name)
        for job in JOBS
        if unit.name.startswith(f"{PREFIX}{job}-")
    }


@frozen
class Standing:
    """The state of a dataset's installed units.

    Attributes:
        outdated: The jobs whose timers would be written differently now.
        on_failure: The unit that its services start when they fail; empty: none.
        prunes: Whether a timer prunes its snapshots.
    """

    outdated: tuple[str, ...]
    on_failure: str
    prunes: bool


def standing(folder: str, dataset: str, timers: Mapping[str, Unit]) -> Standing:
    """Look at the installed units of a dataset.

    Args:
        folder: The folder of the units.
        dataset: The dataset's full name.
        timers: Its timers by job, as they would be written now.
    """
    present = installed(folder)
    own = [unit for unit in present.values() if owner_of(unit.text) == dataset]
    texts = {
        job: present[timer.name].text
        for job, timer in timers.items()
        if timer.name in present
    }
    return Standing(
        tuple(job for job, text in texts.items() if text != timers[job].text),
        next(filter(None, (hook_of(unit.text) for unit in own)), ""),
        "prune" in texts,
    )


def plan_install(
    folder: str, units: Iterable[Unit], datasets: Iterable[str]
) -> tuple[UnitStep, ...]:
    """Plan the steps after which some datasets have just the units that are wanted.

    Args:
        folder: The folder of the units.
        units: The units that are wanted.
        datasets: The datasets that they belong to; other units of these are removed.

    Raises:
        PlanError: A file of such a name exists and zfstune did not write it.
    """
    present = installed(folder)
    steps = []
    wanted = {unit.name: unit for unit in units}
    for name, unit in wanted.items():
        path = os.path.join(folder, name)
        if name not in present and os.path.lexists(path):
            raise PlanError(
                f"cannot write '{shown(path)}': zfstune did not write the file there",
                hint="move that file away, or choose another folder with --dir",
            )
        same = name in present and present[name].text == unit.text
        steps.append(UnitStep("keep" if same else "write", name, unit.text))
        if unit.enabled and not _is_enabled(folder, name):
            steps.append(UnitStep("enable", name))
    owners = set(datasets)
    unwanted = [
        unit
        for unit in present.values()
        if owner_of(unit.text) in owners and unit.name not in wanted
    ]
    return (*steps, *(UnitStep("remove", unit.name) for unit in unwanted))


def plan_remove(folder: str, datasets: Iterable[str] | None) -> tuple[UnitStep, ...]:
    """Plan the removal of the units of some datasets, or of all if `datasets` is None."""
    owners = None if datasets is None else set(datasets)
    return tuple(
        UnitStep("remove", unit.name)
        for unit in installed(folder).values()
        if owners is None or owner_of(unit.text) in owners
    )


def carry_out(folder: str, steps: Iterable[UnitStep]) -> None:
    """Write and remove units as planned; each step is safe to repeat.

    Raises:
        PlanError: A file or link cannot be written or removed. The steps before it
            stay done, and the next call goes on from there.
    """
    for step in steps:
        path = os.path.join(folder, step.name)
        try:
            if step.action == "write":
                os.makedirs(folder, mode=0o755, exist_ok=True)
                write_file(path, step.text)
            elif step.action == "enable":
                _enable(folder, step.name)
            elif step.action == "remove":
                _remove(folder, step.name)
        except OSError as error:
            verb = "remove" if step.action == "remove" else "write"
            raise PlanError(
                f"cannot {verb} '{shown(path)}': {error.strerror}", hint=_ELSEWHERE
            ) from None


def _enable(folder: str, name: str) -> None:
    wants = os.path.join(folder, WANTS)
    os.makedirs(wants, mode=0o755, exist_ok=True)
    link = os.path.join(wants, name)
    # Under a name of its own first, it would be left there by a run that is killed.
    with suppress(FileNotFoundError):  # mostly there is none
        os.unlink(link)
    os.symlink(f"../{name}", link)


def _remove(folder: str, name: str) -> None:
    """Remove a unit, its link first: a link to no file would be an error at boot."""
    if _is_enabled(folder, name):
        os.unlink(os.path.join(folder, WANTS, name))
    path = os.path.join(folder, name)
    text = read_plain(path, _MOST_CHARACTERS)
    if text is not None and owner_of(text) is not None:
        os.unlink(path)


def _is_enabled(folder: str, name: str) -> bool:
    """Tell whether the unit's link exists and leads to its file."""
    try:
        target = os.readlink(os.path.join(folder, WANTS, name))
    except OSError:
        return False
    wants = os.path.join(folder, WANTS)
    return os.path.normpath(os.path.join(wants, target)) == os.path.normpath(
        os.path.join(folder, name)
    )
