"""systemd's units on disk: write, list and remove those that zfstune wrote.

No program is started: a timer is enabled by the link that ``systemctl enable`` would
make, and whoever installs is told to have systemd read its files again.
"""

from __future__ import annotations

import os

from zfstune.host.files import draft_name, read_plain, write_file
from zfstune.schedules.unit_text import JOBS, PREFIX, WANTS, Unit, hook_of, owner_of
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "Standing",
    "Step",
    "carry_out",
    "enabled_timers",
    "installed",
    "plan_install",
    "plan_remove",
    "standing",
]

_MOST_CHARACTERS = 1 << 16


@frozen
class Step:
    """One file to write or remove, with its link where it has one.

    Attributes:
        action: ``write``, ``enable``, ``remove`` or ``keep``.
        name: Of the unit.
        text: What to write.
    """

    action: str
    name: str
    text: str = ""


def installed(folder: str) -> dict[str, Unit]:
    """Give the units that zfstune wrote, by name.

    Raises:
        PlanError: The folder cannot be read.
    """
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PlanError(f"cannot list '{shown(folder)}': {error.strerror}") from None
    found = {}
    for name in sorted(entries):
        if name.startswith(PREFIX) and name.endswith((".service", ".timer")):
            text = read_plain(os.path.join(folder, name), _MOST_CHARACTERS)
            if text is not None and owner_of(text) is not None:
                found[name] = Unit(name, text)
    return found


def enabled_timers(folder: str) -> set[tuple[str, str]]:
    """Give job and dataset of each timer that starts at boot."""
    return {
        (job, owner_of(unit.text) or "")
        for unit in installed(folder).values()
        if unit.enabled and _is_enabled(folder, unit.name)
        for job in JOBS
        if unit.name.startswith(f"{PREFIX}{job}-")
    }


@frozen
class Standing:
    """What is installed of a dataset.

    Attributes:
        outdated: The jobs whose timers are others than would be written now.
        on_failure: The unit that its services start when they fail; empty: none.
        prunes: Whether there is a timer that prunes.
    """

    outdated: tuple[str, ...]
    on_failure: str
    prunes: bool


def standing(folder: str, dataset: str, timers: Mapping[str, Unit]) -> Standing:
    """Look what is installed of a dataset.

    Args:
        folder: Of the units.
        dataset: Its full name.
        timers: By job, as they would be written now.
    """
    there = installed(folder)
    own = [unit for unit in there.values() if owner_of(unit.text) == dataset]
    found = {job: there[t.name].text for job, t in timers.items() if t.name in there}
    return Standing(
        tuple(job for job, text in found.items() if text != timers[job].text),
        next(filter(None, (hook_of(unit.text) for unit in own)), ""),
        "prune" in found,
    )


def plan_install(
    folder: str, units: Iterable[Unit], datasets: Iterable[str]
) -> tuple[Step, ...]:
    """Plan what it takes for the units to be there, and no others of the datasets.

    Args:
        folder: Of the units.
        units: What is to be there.
        datasets: Those that the units are of.

    Raises:
        PlanError: A file of such a name is there and zfstune did not write it.
    """
    there = installed(folder)
    steps = []
    wanted = {unit.name: unit for unit in units}
    for name, unit in wanted.items():
        path = os.path.join(folder, name)
        if name not in there and os.path.lexists(path):
            raise PlanError(
                f"cannot write '{shown(path)}': zfstune did not write what is there",
                hint="move it away, or choose another --dir",
            )
        same = name in there and there[name].text == unit.text
        steps.append(Step("keep" if same else "write", name, unit.text))
        if unit.enabled and not _is_enabled(folder, name):
            steps.append(Step("enable", name))
    ours = set(datasets)
    gone = [u for u in there.values() if owner_of(u.text) in ours and u.name not in wanted]
    return (*steps, *(Step("remove", unit.name) for unit in gone))


def plan_remove(folder: str, datasets: Iterable[str] | None) -> tuple[Step, ...]:
    """Plan the removal of the units of some datasets; None: of all."""
    ours = None if datasets is None else set(datasets)
    return tuple(
        Step("remove", unit.name)
        for unit in installed(folder).values()
        if ours is None or owner_of(unit.text) in ours
    )


def carry_out(folder: str, steps: Iterable[Step]) -> None:
    """Write and remove; each step is safe to repeat.

    Raises:
        PlanError: A file or link cannot be written or removed; what was done before
            stays, and the next call goes on from there.
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
            raise PlanError(f"cannot {verb} '{shown(path)}': {error.strerror}") from None


def _enable(folder: str, name: str) -> None:
    wants = os.path.join(folder, WANTS)
    os.makedirs(wants, mode=0o755, exist_ok=True)
    draft = os.path.join(wants, draft_name(name))
    os.symlink(f"../{name}", draft)
    try:
        os.replace(draft, os.path.join(wants, name))
    except OSError:
        os.unlink(draft)
        raise


def _remove(folder: str, name: str) -> None:
    """Remove the link first: a timer without its file would be an error at boot."""
    if _is_enabled(folder, name):
        os.unlink(os.path.join(folder, WANTS, name))
    path = os.path.join(folder, name)
    text = read_plain(path, _MOST_CHARACTERS)
    if text is not None and owner_of(text) is not None:
        os.unlink(path)


def _is_enabled(folder: str, name: str) -> bool:
    """Tell whether the link is there and leads to the file beside its folder."""
    try:
        target = os.readlink(os.path.join(folder, WANTS, name))
    except OSError:
        return False
    wants = os.path.join(folder, WANTS)
    return os.path.normpath(os.path.join(wants, target)) == os.path.normpath(
        os.path.join(folder, name)
    )
