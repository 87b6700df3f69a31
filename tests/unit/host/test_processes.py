"""Files in use by this process and its ancestors, which a rollback would take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zfstune.host import processes

LOOK = """\
import json, sys
sys.path.insert(0, {root!r})
from zfstune.host import processes
files = processes.running_files({{"tank/a": ({where!r}, {since})}})
print(json.dumps([file.path for file in files]))
"""


@pytest.mark.parametrize("since", [0, 1 << 40])
def test_the_script_above_is_seen(tmp_path: Path, since: int) -> None:
    """The script that a shell has open is seen, and its folder, if they were made since."""
    folder = tmp_path.resolve() / "folder"
    script, look = _lay_out(folder, tmp_path, since)
    assert _seen_from(folder) == ({script, look, folder} if since == 0 else set())


def _seen_from(folder: Path) -> set[Path]:
    """Run the script in a folder; return the files that it sees there or below."""
    out = subprocess.check_output(["/bin/sh", "test.sh"], cwd=folder, text=True)
    return {Path(p) for p in json.loads(out) if Path(p).is_relative_to(folder)}


def _lay_out(folder: Path, mounted: Path, since: int) -> tuple[Path, Path]:
    root = os.fspath(Path(__file__).parents[3])
    folder.mkdir(exist_ok=True)
    look = folder / "look.py"
    look.write_text(LOOK.format(root=root, where=os.fspath(mounted), since=since))
    script = folder / "test.sh"
    script.write_text(f"{sys.executable} look.py\nexit 0\n")
    return script, look


def test_a_folder_that_is_older_than_what_is_new_in_it(tmp_path: Path) -> None:
    """An older folder is not lost; nor is the mounted one, which was always there."""
    folder = tmp_path.resolve() / "folder"
    folder.mkdir()
    (folder / "old").touch()
    time.sleep(1.1)
    since = int(time.time())
    script, look = _lay_out(folder, tmp_path, since)
    assert _seen_from(folder) == {script, look}
    script, look = _lay_out(folder, folder, 0)
    assert _seen_from(folder) == {script, look}


def test_zfstune_itself_is_seen() -> None:
    """A zfstune that was installed since the checkpoint would be lost in the rollback."""
    home = os.fspath(Path(processes.__file__).parents[2])
    pids = {file.path: file.pid for file in processes.running_files({"t": (home, 0)})}
    assert pids[os.path.realpath(processes.__file__)] == os.getpid()


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """A mountpoint that is gone, or no process table, is no error."""
    assert processes.running_files({"tank/a": ("/does/not/exist", 0)}) == ()
    now = int(time.time())
    assert processes.running_files({"t": (os.fspath(tmp_path), now)}, proc="/nowhere") == ()


def test_programs_on_a_filesystem(tmp_path: Path) -> None:
    """A named program counts by its folder, an open or a mapped file; others do not."""
    proc, place = tmp_path / "proc", tmp_path / "place"
    place.mkdir()
    for pid, (program, link) in enumerate(
        [
            ("postgres", "cwd"),
            ("mysqld", "fd/3"),
            ("java", "map_files/1-2"),
            ("bash", "cwd"),
            ("postgres", "elsewhere"),
        ],
        1,
    ):
        (proc / str(pid) / link).parent.mkdir(parents=True)
        (proc / str(pid) / "comm").write_text(f"{program}\n")
        (proc / str(pid) / link).symlink_to(place)
    (proc / "self").mkdir()
    names = {"postgres", "mysqld", "java"}
    device = place.stat().st_dev
    assert processes.programs_on(device, names, proc=str(proc)) == {
        1: "postgres",
        2: "mysqld",
        3: "java",
    }
    assert processes.programs_on(device + 1, names, proc=str(proc)) == {}


def test_a_program_that_runs_now(tmp_path: Path) -> None:
    """The kernel's own table is read."""
    with subprocess.Popen(["/bin/sleep", "60"], cwd=tmp_path) as sleeper:
        # The kernel lets Popen go on shortly before the process has its new name.
        while Path(f"/proc/{sleeper.pid}/comm").read_text("ascii") != "sleep\n":
            time.sleep(0.01)
        found = processes.programs_on(tmp_path.stat().st_dev, {"sleep"})
        sleeper.kill()
    assert found[sleeper.pid] == "sleep"
