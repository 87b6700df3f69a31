"""A file that takes no more: the host's disk is full, or a limit is reached."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.engine._binding import lib
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import ImageDied, InvalidValue, NoSpace, ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S = 60
MIB = 1 << 20
KILLS = 10

FILL = """
import os, sys
import zfstune
from zfstune.values.errors import ImageDied
file = sys.argv[1]
engine = zfstune.open(image=file, create_bytes=256 << 20)
made = []
try:
    while True:
        name = f"tank/{len(made)}"
        engine.create(name, properties={"org.x:y": os.urandom(3000).hex()})
        made.append(name)
except ImageDied as error:
    print(error, error.hint, error.errno, sep="\\n")
engine.close()
assert len(made) > 3
os.system("mount -o remount,size=64m " + os.path.dirname(file))
with zfstune.open(image=file) as engine:
    found = {d.name for d in engine.datasets("tank")}
    assert set(made) <= found, set(made) - found
    engine.create("tank/more")
"""
CREATE = """
import os, sys
import zfstune
from zfstune.values.errors import ImageDied, NoSpace
try:
    zfstune.open(image=sys.argv[1], create_bytes=256 << 20)
except (ImageDied, NoSpace) as error:
    print(error)
assert not os.path.exists(sys.argv[1])
"""
# The rest is written when the pool is exported, and there is no room for it.
CLOSE = """
import errno, os, sys
import zfstune
from zfstune.values.errors import ImageDied
engine = zfstune.open(image=sys.argv[1], create_bytes=256 << 20)
engine.create("tank/a")
with open(os.path.dirname(sys.argv[1]) + "/other", "wb", buffering=0) as other:
    try:
        while True:
            other.write(bytes(4096))
    except OSError:
        pass
try:
    engine.close()
except ImageDied as error:
    assert error.errno == errno.ENOSPC
    print(error)
"""
STUCK = """
import os, sys
import zfstune
os.system("mount -o remount,size=6m " + os.path.dirname(sys.argv[1]))
with zfstune.open(image=sys.argv[1]) as engine:
    print("ready", flush=True)
    for number in range(100_000):
        name = f"tank/{os.getpid()}-{number}"
        engine.create(name, properties={"org.x:y": os.urandom(3000).hex()})
"""


def on_small_disk(script: str, folder: Path, size: str) -> subprocess.CompletedProcess[str]:
    """Run a script that gets the name of a file on a tmpfs of this size.

    The file system is seen by the script alone, and gone with it.
    """
    mount = f"mount -t tmpfs -o size={size} none '{folder}' && exec \"$@\""
    return subprocess.run(
        [
            *("unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])),
            *("sh", "-c", mount, "sh"),
            *(sys.executable, "-c", script, str(folder / "x.zpool")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def test_a_full_disk(tmp_path: Path) -> None:
    """The error names the file system; with room again, nothing done is lost."""
    done = on_small_disk(FILL, tmp_path, "6m")
    assert (done.returncode, done.stderr) == (0, "")
    message, hint, code = done.stdout.splitlines()
    file = tmp_path / "x.zpool"
    reason = f"no space on the file system of '{file}'"
    assert message == f"cannot go on with image '{file}': {reason}"
    assert "remove the cause and open the image again" in hint
    assert int(code) == errno.ENOSPC


@pytest.mark.parametrize("size", ["100k", "300k", "1m"])
def test_no_room_to_create(tmp_path: Path, size: str) -> None:
    """Whether the labels or only the first datasets do not fit, no file is left."""
    done = on_small_disk(CREATE, tmp_path, size)
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "x.zpool"
    reason = f"no space on the file system of '{file}'"
    assert done.stdout == f"cannot create image '{file}': {reason}\n"


def test_no_room_to_close(tmp_path: Path) -> None:
    """What could not be written at the end is said by close()."""
    done = on_small_disk(CLOSE, tmp_path, "8m")
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "x.zpool"
    reason = f"no space on the file system of '{file}'"
    assert done.stdout == f"cannot close image '{file}': {reason}\n"


def users_of(folder: Path) -> list[int]:
    """Give the processes that have a file open below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:  # ended meanwhile, or another user's
            continue
        if any(link.startswith(f"{folder}/") for link in links):
            found.append(int(process.name))
    return found


def test_kills_on_a_full_disk(tmp_path: Path) -> None:
    """However the caller ends, no process keeps the file, and the image opens again."""
    seed = random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)  # noqa: S311 (to be repeated)
    setup = f"""
import os, sys, zfstune
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_full_disk import kill_on_full_disk
from random import Random
from pathlib import Path
kill_on_full_disk(Path(sys.argv[1]), Random({rng.randrange(1 << 32)}))
"""
    done = on_small_disk(setup, tmp_path, "6m")
    assert (done.returncode, done.stderr) == (0, ""), f"seed {seed}"


def kill_on_full_disk(file: Path, rng: random.Random) -> None:
    """Fill the disk below a file again and again, and kill who does; the test's body."""
    create_image(file, size_bytes=256 * MIB).close()
    for size_mib in range(16, 16 + 10 * KILLS, 10):
        number = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
        process = subprocess.Popen(
            [sys.executable, "-c", STUCK, str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(rng.uniform(0.2, 1.5))
        if number == signal.SIGKILL:
            process.kill()
        else:
            os.killpg(process.pid, number)
        process.wait(LIMIT_S)
        until = time.monotonic() + LIMIT_S
        while users_of(file.parent):
            assert time.monotonic() < until, f"{number.name}: the file is kept open"
            time.sleep(0.05)
        remount = f"remount,size={size_mib}m"
        subprocess.run(["mount", "-o", remount, str(file.parent)], check=True)
        with ImageEngine(file) as engine:
            engine.datasets("tank")


def test_a_limit_on_the_size_of_files(file: Path) -> None:
    """The reason is the real one: not the disk is full, the process may not write."""
    engine = create_image(file, size_bytes=256 * MIB)
    engine.create("tank/a")
    worker = engine._zfs._child.pid
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (MIB, MIB))
    with pytest.raises(ImageDied, match=r"larger than a file .*ulimit -f") as caught:
        engine.create("tank/b")
    assert caught.value.errno == errno.EFBIG
    engine.close()
    with ImageEngine(file) as again:
        assert again.exists("tank/a")


def test_a_limit_when_opening(file: Path) -> None:
    """A size beyond the limit is refused at once, and no new file is left."""
    old = file.parent / "old"
    create_image(old, size_bytes=65 * MIB).close()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * MIB, before[1]))
    try:
        with pytest.raises(NoSpace, match="larger than a file"):
            create_image(file, size_bytes=65 * MIB)
        with pytest.raises(NoSpace, match="larger than a file"):
            ImageEngine(old)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not file.exists()


def test_a_stalled_stream_is_given_up(file: Path) -> None:
    """A caller that dies while a stream stands still leaves no process behind."""
    create_image(file, size_bytes=256 * MIB).close()
    reader, writer = os.pipe()
    script = (
        "import sys, zfstune\n"
        "with zfstune.open(image=sys.argv[1]) as engine:\n"
        "    print('ready', flush=True)\n"
        "    engine.receive('tank/new@s', int(sys.argv[2]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(file), str(reader)],
        pass_fds=[reader],
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reader)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.kill()
    process.communicate()
    until = time.monotonic() + LIMIT_S
    while users_of(file.parent):
        assert time.monotonic() < until, "the stream is waited for"
        time.sleep(0.05)
    os.close(writer)
    with ImageEngine(file) as engine:
        assert not engine.exists("tank/new")


def test_the_last_process_is_waited_for(file: Path) -> None:
    """A command that starts while an image is still exported gets it."""
    engine = create_image(file, size_bytes=256 * MIB)
    worker = engine._zfs._child
    os.kill(worker.pid, signal.SIGSTOP)
    script = f"import os, time\ntime.sleep(1.5)\nos.kill({worker.pid}, {signal.SIGCONT:d})"
    waker = subprocess.Popen([sys.executable, "-c", script])
    engine._zfs._hang_up()
    with ImageEngine(file) as second:
        assert second.exists("tank")
    engine.close()
    assert waker.wait() == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda e: e._zfs.call(_function("zt_destroy"), "tank/a\0b"),
        lambda e: e._zfs.call(_function("zt_destroy"), 7),
        lambda e: e._zfs.call(_function("zt_destroy")),
        lambda e: e._zfs.read(_function("zt_list_snapshots"), "tank", 2**64),
        lambda e: e._zfs.stream(_function("zt_send"), 1, "tank/a@s", "", 0, -1, 2**64),
        lambda e: e._zfs._pass_on("unpack", "", (17,)),
    ],
)
def test_a_bad_message_costs_nothing(
    engine: ImageEngine, call: Callable[[ImageEngine], object]
) -> None:
    """What cannot be passed on to C is an error, and the next call works."""
    engine.create("tank/a")
    with pytest.raises(InvalidValue, match="cannot pass"):
        call(engine)
    assert engine.exists("tank/a")


def _function(name: str) -> Callable[..., int]:
    function: Callable[..., int] = getattr(lib, name)
    return function


def test_a_forked_child_ends_nothing(engine: ImageEngine) -> None:
    """Neither its calls nor its close() reach the process that the owner speaks to."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            engine.exists("tank")
        except ZfsUnavailable as error:
            engine.close()
            status = 0 if "forked" in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    engine.create("tank/a")
    assert engine.exists("tank/a")
