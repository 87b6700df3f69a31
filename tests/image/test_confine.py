"""What the process of an image may no longer do."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine

# One line each: tried in a process that has given up what the process of an image does.
REFUSED = """
os.execv("/bin/true", ["true"])
os.posix_spawn("/bin/true", ["true"], {})
os.fork()
socket.socket(socket.AF_INET)
socket.socket(socket.AF_UNIX)
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
os.unlink(name)
os.rename(name, name + "x")
os.mkdir(name + "d")
os.rmdir(folder)
os.link(name, name + "l")
os.symlink(name, name + "s")
os.mknod(name + "n")
os.chmod(name, 0o777)
os.chown(name, 0, 0)
os.setxattr(name, "user.x", b"")
os.pidfd_open(os.getppid())
os.setuid(os.getuid())
time.clock_settime(time.CLOCK_REALTIME, 0)
socket.sethostname("other")
c("ptrace", 0, 0, 0, 0)
c("mount", b"none", b"/mnt", b"tmpfs", 0, 0)
c("umount2", b"/mnt", 0)
c("unshare", 0x20000)
c("setns", 0, 0)
c("chroot", b"/")
c("init_module", 0, 0, b"")
c("process_vm_readv", os.getpid(), 0, 0, 0, 0, 0)
""".strip().splitlines()
TRY = """
import ctypes, errno, os, socket, sys, time
from zfstune.engine._binding import lib
name, folder = sys.argv[1:3]
libc = ctypes.CDLL(None, use_errno=True)
def c(call, *args):
    getattr(libc, call)(*args)
    raise OSError(ctypes.get_errno(), call)
assert lib.zt_confine() == 0
try:
    {line}
except OSError as error:
    assert error.errno == errno.EPERM, error
else:
    raise AssertionError("it went through")
"""
STILL = """
import os, sys, threading
from zfstune.engine._binding import lib
assert lib.zt_confine() == 0
thread = threading.Thread(target=print, args=["a thread"])
thread.start()
thread.join()
with open(sys.argv[1], "r+b") as file:
    file.write(b"x")
    file.truncate(9)
    os.fsync(file.fileno())
print(os.stat(sys.argv[1]).st_size)
os.abort()
"""


@pytest.fixture
def work(tmp_path: Path) -> tuple[str, str]:
    """Give a file and an empty folder."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "name").write_bytes(b"")
    return str(tmp_path / "name"), str(tmp_path / "folder")


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str, work: tuple[str, str]) -> None:
    """Each of these ends in EPERM, whoever asks."""
    script = TRY.format(line=line)
    done = subprocess.run(
        [sys.executable, "-c", script, *work], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_still_possible(work: tuple[str, str]) -> None:
    """Threads, the file, and to abort: what OpenZFS does."""
    done = subprocess.run(
        [sys.executable, "-c", STILL, *work], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("a thread\n9\n", -6)


def test_the_process_of_an_image_is_confined(engine: ImageEngine) -> None:
    """Each of its threads is, those of OpenZFS among them, and it leaves no core."""
    engine.create("tank/a")
    worker = engine._zfs._child.pid
    threads = list(Path(f"/proc/{worker}/task").iterdir())
    assert len(threads) > 10
    for thread in threads:
        lines = (thread / "status").read_text(encoding="ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        assert (fields["Seccomp"].strip(), fields["NoNewPrivs"].strip()) == ("2", "1")
    assert resource.prlimit(worker, resource.RLIMIT_CORE) == (0, 0)
