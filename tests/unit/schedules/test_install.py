"""Units on disk are written, listed and removed; files of others are left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from killed_child import kill_at_each_change
from scheduled_units import BERLIN, HOURLY, units
from zfstune.schedules.install import (
    Standing,
    UnitStep,
    carry_out,
    enabled_timers,
    installed,
    plan_install,
    plan_remove,
    standing,
)
from zfstune.schedules.unit_text import WANTS, Unit, owner_of, timers_for
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path


def install(
    folder: Path, *found: Unit, datasets: tuple[str, ...] = ("tank/a-b",)
) -> list[str]:
    """Install units; return the actions that were done."""
    steps = plan_install(os.fspath(folder), found, datasets)
    carry_out(os.fspath(folder), steps)
    return [step.action for step in steps]


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """systemd-analyze verify is silent, and its security check passes."""
    alert = Unit("alert@.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
    install(tmp_path, *units(on_failure="alert@%n.service"), alert)
    names = [f"./{unit.name}" for unit in units()]
    done = subprocess.run(
        ["systemd-analyze", "verify", *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for name in names:
        if name.endswith(".service"):
            words = [
                "systemd-analyze",
                "security",
                "--offline=true",
                "--threshold=15",
                name,
            ]
            checked = subprocess.run(
                words, cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert checked.returncode == 0, checked.stdout[-200:]


def test_timers_of_an_earlier_version_are_told(tmp_path: Path) -> None:
    """Installed timers that would be written differently now are outdated."""
    folder = os.fspath(tmp_path)
    timers = timers_for("tank/a-b", HOURLY, BERLIN)
    assert standing(folder, "tank/a-b", timers) == Standing((), "", prunes=False)
    install(tmp_path, *units(on_failure="alert@%n.service"), *units("tank/c"))
    found = standing(folder, "tank/a-b", timers)
    assert found == Standing((), "alert@%n.service", prunes=True)
    path = tmp_path / timers["snapshot"].name
    path.write_text(
        path.read_text().replace("*-*-* *:00:00 UTC", "*-*-* *:00:00 Asia/Tokyo")
    )
    assert standing(folder, "tank/a-b", timers).outdated == ("snapshot",)
    others = timers_for("tank/c", HOURLY, BERLIN)
    assert standing(folder, "tank/c", others) == Standing((), "", prunes=True)
    assert "write" in install(tmp_path, *units())
    assert standing(folder, "tank/a-b", timers) == Standing((), "", prunes=True)
    install(tmp_path, *units(prunes=False))
    assert not standing(folder, "tank/a-b", timers).prunes


def test_installing_twice_changes_nothing(tmp_path: Path) -> None:
    """A second install changes nothing, and its links are like those of systemctl."""
    assert install(tmp_path, *units()) == ["write", "write", "enable"] * 2
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert install(tmp_path, *units()) == ["keep"] * 4
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert enabled_timers(os.fspath(tmp_path)) == {
        ("snapshot", "tank/a-b"),
        ("prune", "tank/a-b"),
    }
    links = sorted((tmp_path / WANTS).iterdir())
    assert [link.resolve().parent for link in links] == [tmp_path] * 2
    # systemctl enable makes an absolute link, which is right as well.
    links[0].unlink()
    links[0].symlink_to(tmp_path / links[0].name)
    assert install(tmp_path, *units()) == ["keep"] * 4


def test_what_is_no_longer_wanted_goes(tmp_path: Path) -> None:
    """Unwanted units of the datasets installed are removed, and no others."""
    install(tmp_path, *units(), *units("tank/c"))
    assert install(tmp_path, *units(prunes=False)) == ["keep", "keep", "remove", "remove"]
    left = {unit.name for unit in (*units(prunes=False), *units("tank/c"))}
    assert set(installed(os.fspath(tmp_path))) == left
    assert len(list((tmp_path / WANTS).iterdir())) == 3


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    """A file without the mark is not overwritten or removed, and no link is followed."""
    [service, timer, *_] = units()
    path = tmp_path / timer.name
    for kind in ("file", "masked", "folder"):
        if kind == "file":
            path.write_text("[Timer]\n")
        elif kind == "masked":
            path.symlink_to("/dev/null")
        else:
            path.mkdir()
        with pytest.raises(PlanError, match="did not write the file there"):
            install(tmp_path, *units())
        assert not (tmp_path / service.name).exists()
        assert plan_remove(os.fspath(tmp_path), None) == ()
        path.rmdir() if kind == "folder" else path.unlink()
    install(tmp_path, *units())
    (tmp_path / timer.name).write_text("[Timer]\nOnCalendar=daily\n")
    carry_out(os.fspath(tmp_path), [UnitStep("remove", timer.name)])
    assert (tmp_path / timer.name).exists()
    drop_in = tmp_path / f"{service.name}.d"
    drop_in.mkdir()
    carry_out(os.fspath(tmp_path), plan_remove(os.fspath(tmp_path), ["tank/a-b"]))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [WANTS, drop_in.name, timer.name]
    )


def test_removing_takes_the_links_along(tmp_path: Path) -> None:
    """Units of one dataset or of all are removed with their links; then none is left."""
    install(tmp_path, *units(), *units("tank/c"))
    steps = plan_remove(os.fspath(tmp_path), ["tank/c", "tank/none"])
    assert {owner_of(unit.text) for unit in units("tank/c")} == {"tank/c"}
    assert len(steps) == 4
    carry_out(os.fspath(tmp_path), steps)
    assert len(installed(os.fspath(tmp_path))) == 4
    carry_out(os.fspath(tmp_path), plan_remove(os.fspath(tmp_path), None))
    assert list((tmp_path / WANTS).iterdir()) == []
    assert [p.name for p in tmp_path.iterdir()] == [WANTS]
    assert plan_remove(os.fspath(tmp_path), None) == ()
    assert plan_remove(os.fspath(tmp_path / "none"), None) == ()


def test_a_run_that_is_killed_is_completed(tmp_path: Path) -> None:
    """Before whichever change it is killed: the next run leaves what one run leaves."""
    one, other = tmp_path / "one", tmp_path / "other"
    other.mkdir()
    install(one, *units())

    def state(folder: Path) -> dict[str, str]:
        return {
            os.fspath(path.relative_to(folder)): (
                str(path.readlink()) if path.is_symlink() else path.read_text()
            )
            for path in folder.rglob("*")
            if path.is_symlink() or path.is_file()
        }

    def after() -> None:
        install(other, *units())
        assert state(other) == state(one)
        shutil.rmtree(other)

    assert kill_at_each_change(lambda: install(other, *units()), after) > 20


def test_a_wrong_link_is_replaced(tmp_path: Path) -> None:
    """A link of the timer's name that leads elsewhere starts nothing."""
    install(tmp_path, *units())
    link = next((tmp_path / WANTS).iterdir())
    link.unlink()
    link.symlink_to("../other.timer")
    assert install(tmp_path, *units()).count("enable") == 1
    assert str(link.readlink()) == f"../{link.name}"


def test_a_link_that_cannot_be_put_leaves_no_draft(tmp_path: Path) -> None:
    """A link that cannot be made, as for a folder in its place, leaves no draft."""
    [timer] = [unit for unit in units(prunes=False) if unit.enabled]
    (tmp_path / WANTS / timer.name / "x").mkdir(parents=True)
    with pytest.raises(PlanError, match="cannot write"):
        install(tmp_path, *units(prunes=False))
    assert [path.name for path in (tmp_path / WANTS).iterdir()] == [timer.name]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A folder that cannot be written is named, and no part of a file is left."""
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(PlanError, match="Not a directory"):
        install(file / "units", *units())
    with pytest.raises(PlanError, match="File exists"):
        carry_out(os.fspath(file), [UnitStep("write", "x.timer", "text")])
