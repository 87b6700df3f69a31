"""The process that an image lives in: whose it is, how it ends, what it says then."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.image import ImageEngine
from zfstune.engine.open import open_engine
from zfstune.values.errors import Busy, ImageDied, ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

LIMIT_S = 60

USER = """
import os, sys
import zfstune
assert os.geteuid() != 0
with zfstune.open(image=sys.argv[1], create_bytes=1 << 30) as engine:
    engine.create("tank/a", properties={"recordsize": "8K"})
    engine.take_snapshots(["tank/a@s"])
with zfstune.open(image=sys.argv[1]) as engine:
    print([s.name for s in engine.snapshots("tank/a")])
"""
CALLER = """
import signal, sys, time
import zfstune
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored by what nohup starts
engine = zfstune.open(image=sys.argv[1], create_bytes=1 << 30)
engine.create("tank/a")
engine.take_snapshots(["tank/a@s"])
print("ready", flush=True)
time.sleep(600)
"""
BUSY = """
import itertools, sys
import zfstune
with zfstune.open(image=sys.argv[1], create_bytes=1 << 30) as engine:
    print("ready", flush=True)
    for number in itertools.count():
        engine.create(f"tank/{number}")
"""
LEAVES = """
import sys
import zfstune
engine = zfstune.open(image=sys.argv[1], create_bytes=1 << 30)
engine.create("tank/a")
engine.take_snapshots(["tank/a@s"])
"""


def child(engine: ImageEngine) -> int:
    """Give the id of the process that an image lives in."""
    pid: int = engine._zfs._child.pid
    return pid


def open_when_free(file: Path) -> ImageEngine:
    """Open an image as soon as its last process has let go of it."""
    until = time.monotonic() + LIMIT_S
    while True:
        try:
            return ImageEngine(file)
        except Busy:
            assert time.monotonic() < until, "the last process keeps the lock"
            time.sleep(0.05)


def start(script: str, file: Path) -> subprocess.Popen[str]:
    """Start a caller in a process group of its own; wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def test_an_ordinary_user(tmp_path: Path) -> None:
    """Neither root nor any capability that writes is needed."""
    drop: tuple[str, ...] = ()
    if os.geteuid() == 0:
        assert shutil.which("setpriv"), "util-linux is missing"
        # nobody, but able to read this Python and this project, wherever they lie
        drop = (
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search",
            "--bounding-set=-all,+dac_read_search",
        )
        os.chown(tmp_path, 65534, 65534)
    file = tmp_path / "x"
    done = subprocess.run(
        [*drop, sys.executable, "-c", USER, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=LIMIT_S,
    )
    assert (done.stderr, done.stdout) == ("", "['tank/a@s']\n")
    assert file.stat().st_uid != 0 or os.geteuid() != 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_caller_that_dies_leaves_a_good_image(
    file: Path, number: signal.Signals, hasty: None
) -> None:
    """The child exports the pool, frees the lock and is gone."""
    process = start(CALLER, file)
    (pid,) = children(process.pid)
    with pytest.raises(Busy):
        ImageEngine(file)
    os.killpg(process.pid, number) if number != signal.SIGKILL else process.kill()
    process.communicate()
    with open_when_free(file) as engine:
        assert engine.exists("tank/a@s")
    until = time.monotonic() + LIMIT_S
    while is_running(pid):
        assert time.monotonic() < until, "the child outlives its caller"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Tell whether a process still does anything; a zombie waits for its parent."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(") ")[2][0] != "Z"


def children(pid: int) -> list[int]:
    """Give the children of a process."""
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(word) for word in words]


def test_a_caller_that_never_closes(file: Path) -> None:
    """An engine that nobody closed is closed by the end of its program."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVES, str(file)], check=False, timeout=LIMIT_S
    )
    assert done.returncode == 0
    with open_when_free(file) as engine:
        assert engine.exists("tank/a@s")


def test_ctrl_c(file: Path) -> None:
    """KeyboardInterrupt reaches the caller alone, and all that was done is there."""
    process = start(BUSY, file)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=LIMIT_S)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
    with ImageEngine(file) as engine:  # with-block's end waited for the export
        made = sorted(int(d.name[5:]) for d in engine.datasets("tank")[1:])
    assert made == list(range(len(made)))


class Interrupt(Exception):  # noqa: N818 (no error)
    """What a signal handler of the caller raises."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """Interrupt the caller in a moment."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Interrupt

    old = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, old)


def test_an_interrupted_call_is_the_last(
    engine: ImageEngine, file: Path, alarm: None
) -> None:
    """Its answer is not taken for that of the next call; opened again, all is well."""
    os.kill(child(engine), signal.SIGSTOP)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    with pytest.raises(Interrupt):
        engine.exists("tank")
    os.kill(child(engine), signal.SIGCONT)
    with pytest.raises(ZfsUnavailable, match="a call was interrupted") as caught:
        engine.exists("tank/none")
    assert "open the image again" in caught.value.hint
    engine.close()
    with ImageEngine(file) as again:
        assert again.exists("tank")
        assert not again.exists("tank/none")


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV])
def test_a_death_is_an_exception(
    engine: ImageEngine, file: Path, number: signal.Signals
) -> None:
    """It says how the process ended, again at each further call; the image is good."""
    engine.create("tank/a")
    engine.take_snapshots(["tank/a@s"])
    resource.prlimit(child(engine), resource.RLIMIT_CORE, (0, 0))
    os.kill(child(engine), number)
    for _ in range(2):
        with pytest.raises(ImageDied, match=f"signal {int(number)} ") as caught:
            engine.create("tank/b")
        assert str(file) in str(caught.value)
        assert "open the image again" in caught.value.hint
    engine.close()
    with open_engine(file) as again:
        assert again.exists("tank/a@s")


def test_a_failed_assertion_is_quoted(engine: ImageEngine, file: Path) -> None:
    """What libzpool prints as it stops is in the message."""
    # OpenZFS falls over a promotion that brings a second bookmark of one name, which
    # the engine refuses and the binding does not
    engine.create("tank/a")
    engine.take_snapshots(["tank/a@s"])
    engine.bookmark("tank/a@s", "tank/a#m")
    engine.clone("tank/a@s", "tank/c")
    engine.take_snapshots(["tank/c@t"])
    engine.bookmark("tank/c@t", "tank/c#m")
    resource.prlimit(child(engine), resource.RLIMIT_CORE, (0, 0))
    with pytest.raises(ImageDied, match=r"zap_add\(mos, .*\) == 0 \(") as caught:
        engine._zfs.promote("tank/c")
    assert "ASSERT at" in str(caught.value)
    assert "dsl_bookmark_node_add" in str(caught.value)
    with ImageEngine(file) as again:
        assert again.bookmarks("tank/a").keys() == {"tank/a#m"}
        assert again.bookmarks("tank/c").keys() == {"tank/c#m"}
