"""Files and folders that get their names when they are whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.host.drafts import drafted_file, drafted_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Kind = Callable[[str], AbstractContextManager[object]]

KILLED = """
import os, signal, sys
from zfstune.host.drafts import drafted_file, drafted_folder
with {kind}(sys.argv[1]) as draft:
    if {kind} is drafted_folder:
        open(draft + "/part", "w").close()
    print("ready", flush=True)
    sys.stdin.read()
"""
KINDS: list[Kind] = [drafted_file, drafted_folder]


def writer(path: Path, kind: Kind) -> subprocess.Popen[bytes]:
    """Start a process that writes a draft until its input ends."""
    program = KILLED.replace("{kind}", kind.__name__)
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_file(tmp_path: Path) -> None:
    """It appears at the end of the block, for its owner alone."""
    path = tmp_path / "out"
    with drafted_file(str(path)) as fd:
        os.write(fd, b"text")
        assert not path.exists()
    assert path.read_bytes() == b"text"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [path]


def test_a_folder(tmp_path: Path) -> None:
    """Its files come along."""
    path = tmp_path / "out"
    with drafted_folder(str(path)) as draft:
        Path(draft, "file").write_text("text")
        assert not path.exists()
    assert (path / "file").read_text() == "text"
    assert path.stat().st_mode & 0o777 == 0o700
    assert [*tmp_path.iterdir()] == [path]


def test_relative_to_the_present_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without a folder lies in the present one."""
    monkeypatch.chdir(tmp_path)
    with drafted_file("out"):
        pass
    with drafted_folder("folder"):
        pass
    assert {file.name for file in tmp_path.iterdir()} == {"folder", "out"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_leaves_nothing(tmp_path: Path, kind: Kind) -> None:
    """Neither the name nor the draft; what was in the folder is gone with it."""

    def fill(draft: object) -> None:
        if isinstance(draft, str):
            Path(draft, "part").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), kind(str(tmp_path / "out")) as draft:
        fill(draft)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["file", "folder", "broken link"])
def test_what_is_there_stays(tmp_path: Path, kind: Kind, what: str) -> None:
    """Before the block, and if it came meanwhile."""

    def put(path: Path) -> None:
        if what == "file":
            path.write_text("mine")
        elif what == "folder":
            path.mkdir()
        else:
            path.symlink_to("nowhere")

    early, late = tmp_path / "early", tmp_path / "late"
    put(early)
    with pytest.raises(FileExistsError), kind(str(early)):
        pytest.fail("begun")
    with pytest.raises(FileExistsError), kind(str(late)):
        put(late)
    assert sorted(tmp_path.iterdir()) == [early, late]
    if what == "file":
        assert late.read_text() == "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_is_cleaned_up_by_the_next(tmp_path: Path, kind: Kind) -> None:
    """A draft that is still written stays, and so does one for another name."""
    path, other = tmp_path / "out", tmp_path / "out.more"
    with (
        writer(path, kind) as dead,
        writer(path, kind) as living,
        writer(other, kind) as foreign,
    ):
        for process in (dead, foreign):
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert len([*tmp_path.iterdir()]) == 3
        with kind(str(path)):
            assert len([*tmp_path.iterdir()]) == 3
        path.rmdir() if path.is_dir() else path.unlink()
        assert living.stdin is not None
        living.stdin.close()
        assert living.wait(30) == 0
    assert path.exists()
    with kind(str(other)):
        pass
    assert sorted(tmp_path.iterdir()) == [path, other]


def test_only_drafts_are_taken_for_drafts(tmp_path: Path) -> None:
    """Files of similar names stay, and so does what a link of such a name leads to."""
    kept = [".out.new", ".out.0123.new", ".out.0123456789abcdeg.new", "out.x.new"]
    for name in kept:
        (tmp_path / name).touch()
    target = tmp_path / "target"
    target.write_text("mine")
    link = tmp_path / ".out.0123456789abcdef.new"
    link.symlink_to(target)
    with drafted_file(str(tmp_path / "out")):
        pass
    assert {file.name for file in tmp_path.iterdir()} == {*kept, link.name, "target", "out"}
    assert target.read_text() == "mine"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The error is the system's own."""
    for kind in KINDS:
        with pytest.raises(FileNotFoundError), kind(str(tmp_path / "none" / "out")):
            pytest.fail("begun")
