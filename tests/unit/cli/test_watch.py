"""The command's two processes: output and status pass, a stuck child is given up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# The pool of the kstats below suspends once the child is at work.
PREPARE = """
import os, signal, sys, time
# A shell starts background jobs, tests too, with SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from zfstune.cli import watch
from zfstune.engine import suspended
suspended._KSTATS = {kstats!r}
watch._LOOK_MS, watch._PATIENCE_MS = 50, 300
def suspend():
    with open({kstats!r} + "/tank/state", "w") as file:
        file.write("SUSPENDED\\n")
def work():
{work}
sys.exit(watch.watched(work))
"""


@pytest.fixture
def kstats(tmp_path: Path) -> Path:
    """Return a folder like /proc/spl/kstat/zfs, with one healthy pool."""
    folder = tmp_path / "kstats"
    (folder / "tank").mkdir(parents=True)
    (folder / "tank/state").write_text("ONLINE\n")
    (folder / "arcstats").write_text("no pool\n")
    return folder


def script(kstats: Path, work: str) -> tuple[str, ...]:
    """Return a command line that does the work in a watched child."""
    indented = "\n".join(f"    {line}" for line in work.splitlines())
    text = PREPARE.format(kstats=str(kstats), work=indented)
    return sys.executable, "-c", text


def run(kstats: Path, work: str) -> subprocess.CompletedProcess[str]:
    """Run the work in a watched child, and read its output to the end."""
    argv = script(kstats, work)
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("status", [0, 1, 3, 5])
def test_status_and_output_pass(kstats: Path, status: int) -> None:
    """The child's output, of any length, and its status become those of the command."""
    work = f"print('x' * 300_000)\nprint('y', file=sys.stderr)\nreturn {status}"
    done = run(kstats, work)
    assert (done.returncode, done.stderr) == (status, "y\n")
    assert done.stdout == "x" * 300_000 + "\n"


def test_order_is_kept(kstats: Path) -> None:
    """If stdout and stderr go to one place, the text that is flushed first comes first."""
    loop = "for n in range(100):\n  print(n, flush=True)\n  print(-n, file=sys.stderr)"
    work = f"{loop}\nreturn 0"
    argv = script(kstats, work)
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    assert done.stdout == "".join(f"{n}\n{-n}\n" for n in range(100))


def test_error_that_nobody_expected(kstats: Path) -> None:
    """A bug shows its traceback and exits with 1, as without a child."""
    done = run(kstats, "raise RuntimeError('a bug')")
    assert done.returncode == 1
    assert done.stderr.endswith("RuntimeError: a bug\n")


def test_stuck_on_a_pool_that_suspended(kstats: Path) -> None:
    """A child that does nothing while a pool is newly suspended is given up."""
    began = time.monotonic()
    done = run(kstats, "print('begun', flush=True)\nsuspend()\ntime.sleep(30)\nreturn 0")
    assert done.returncode == 1
    assert done.stdout == "begun\n"
    assert "zfstune: cannot wait any longer for pool 'tank'" in done.stderr
    assert "`zpool clear tank`" in done.stderr
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("before", "work"),
    [
        ("ONLINE", "time.sleep(1.5)"),
        ("SUSPENDED", "time.sleep(1.5)"),
        ("ONLINE", "suspend()\nfor _ in range(150): time.sleep(0.01)"),
        (
            "ONLINE",
            "suspend()\nfor _ in range(15):\n  print('.', flush=True)\n  time.sleep(0.1)",
        ),
    ],
    ids=["slow", "suspended before", "busy", "talking"],
)
def test_patience(kstats: Path, before: str, work: str) -> None:
    """A child that is slow, at work, or on another pool is waited for."""
    (kstats / "tank/state").write_text(before + "\n")
    done = run(kstats, f"{work}\nreturn 3")
    assert (done.returncode, done.stderr) == (3, "")


def test_reader_that_leaves(kstats: Path) -> None:
    """The child of a command whose reader left ends, with the status of a broken pipe."""
    argv = script(kstats, "while True: print('x' * 1000)")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        assert child.wait(30) == 128 + signal.SIGPIPE


def test_killed_command_takes_its_child_along(kstats: Path, tmp_path: Path) -> None:
    """Kill -9 of the command ends the work too."""
    note = tmp_path / "pid"
    work = f"open({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\nreturn 0"
    with subprocess.Popen(script(kstats, work)) as command:
        limit = time.monotonic() + 20
        while not (note.exists() and note.read_text()) and time.monotonic() < limit:
            time.sleep(0.01)
        child = int(note.read_text())
        assert child != command.pid
        command.kill()
        command.wait()
        while os.path.exists(f"/proc/{child}") and time.monotonic() < limit:  # noqa: PTH110
            time.sleep(0.01)
        assert time.monotonic() < limit


def test_interrupt_waits_for_the_child(kstats: Path) -> None:
    """After Ctrl-C the child finishes its step, and its status is the command's."""
    work = (
        "try:\n  print('ready', flush=True)\n  time.sleep(60)\n"
        "except KeyboardInterrupt:\n  print('stopped')\n  return 130"
    )
    with subprocess.Popen(
        script(kstats, work), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        os.killpg(command.pid, signal.SIGINT)
        assert command.stdout.readline() == "stopped\n"
        assert command.wait(30) == 130


CLEANING = """
try:
  print('ready', flush=True)
  time.sleep(60)
except watch.Ended as end:
  os.kill(os.getppid(), {again})
  time.sleep(1)
  print('removed')
  return 128 + end.number
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_asks_for_the_end(kstats: Path, number: int) -> None:
    """Work that cleans up gets the signal and its time, and a second one changes nothing.

    The user reads what is waited for.
    """
    text = script(kstats, CLEANING.format(again=int(number)).strip())[2]
    text = text.replace("watched(work)", "watched(work, cleaning='removing')")
    argv = (sys.executable, "-c", text)
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        os.kill(command.pid, number)
        out, err = command.communicate(timeout=60)
    assert (out, command.returncode) == ("removed\n", 128 + number)
    assert "removing" in err


def test_other_work_ends_at_once(kstats: Path) -> None:
    """Work that has nothing to clean up ends by the signal, as systemd expects it."""
    work = "print('ready', flush=True)\ntime.sleep(60)"
    with subprocess.Popen(
        script(kstats, work), stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        command.terminate()
        assert command.wait(30) == -signal.SIGTERM


def test_a_signal_that_nohup_ignores(kstats: Path) -> None:
    """It stays ignored."""
    work = "os.kill(os.getppid(), signal.SIGHUP)\ntime.sleep(0.5)\nreturn 0"
    text = script(kstats, work)[2].replace("watched(work)", "watched(work, cleaning='x')")
    text = text.replace(
        "def work", "signal.signal(signal.SIGHUP, signal.SIG_IGN)\ndef work"
    )
    assert subprocess.run((sys.executable, "-c", text), check=False).returncode == 0


BESIDE = """
import os, sys, time
from zfstune.cli import watch
def work():
    print(os.getpid(), flush=True)
    while True:
        time.sleep(60)
watch.start_beside(work)
time.sleep(60)
"""


def test_work_beside_ends_with_its_parent() -> None:
    """However that ends: nothing goes on that nobody can find."""
    argv = [sys.executable, "-c", BESIDE]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert child != parent.pid
        parent.kill()
        assert parent.stdout.read() == ""  # the pipe closes once the child has gone, too


def test_a_child_that_is_given_up_has_a_document(kstats: Path) -> None:
    """The parent prints it, since the child never comes to its end."""
    more = """
from zfstune.cli.main import _end
from zfstune.cli.output import begin_document
begin_document("list")
sys.exit(watch.watched(work, on_giving_up=lambda: _end(1)))
"""
    program, dash_c, text = script(kstats, "suspend()\ntime.sleep(60)")
    begun, _, _ = text.rpartition("sys.exit(")
    done = subprocess.run(
        [program, dash_c, begun + more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    document = json.loads(done.stdout)
    [error] = document["errors"]
    assert (document["format"], document["exit_status"]) == ("zfstune.error", 1)
    assert (error["kind"], error["target"]) == ("PoolSuspended", "tank")
    assert error["message"] in done.stderr
