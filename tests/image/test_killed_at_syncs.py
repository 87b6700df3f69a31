"""A raw receive is killed at each of its syncs to disk in turn, and the next run ends it.

A kill at random moments hardly ever falls between the two transaction groups in which a
raw stream makes its dataset. Here the process of the image dies as it asks for its Nth
fsync(2), so each state that a power cut can leave on disk comes up.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import zfstune
from lots import tally, whole
from native_code import compile_c
from sparse_copy import sparse_copy
from zfstune.cli.main import main
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.key import Key
from zfstune.values.marks import BEGUN

if TYPE_CHECKING:
    from pathlib import Path

# It counts in the process that has the image open, and nowhere else.
SHIM = """
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>

int
fsync(int fd)
{
	static int count;
	int (*real)(int) = dlsym(RTLD_NEXT, "fsync");

	if (++count == atoi(getenv("ZFSTUNE_TEST_SYNC")))
		raise(SIGKILL);
	return (real(fd));
}
"""
# Before the 10th a pool is opened; far more than a receive makes.
FIRST, MOST = 10, 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the shim, a source with its stream, and a pool without a copy."""
    folder = tmp_path_factory.mktemp("syncs")
    (folder / "shim.c").write_text(SHIM, encoding="utf-8")
    words = ("-D_GNU_SOURCE", "-shared", "-fPIC", "-o", folder / "shim.so")
    compile_c(*words, folder / "shim.c", "-ldl")
    with create_image(folder / "source", size_bytes=128 << 20) as engine:
        secret = {"encryption": "aes-256-gcm", "keyformat": "raw"}
        engine.create("tank/e", properties=secret, key=Key(b"k" * 32))
        engine.take_snapshots(["tank/e@a"])
        with (folder / "stream").open("wb") as stream:
            zfstune.send("tank/e@a", stream, raw=True, engine=engine)
    with create_image(folder / "empty", size_bytes=128 << 20) as engine:
        engine.create("tank/mine")
        engine.take_snapshots(["tank/mine@s"])
    return folder


def killed(folder: Path, sync: int) -> bool:
    """Receive the stream into a new pool, and die at a sync; False: it had fewer."""
    target = folder / "target"
    sparse_copy(folder / "empty", target)
    words = ["--image", str(target), "receive", "tank/r", "--input", str(folder / "stream")]
    done = subprocess.run(
        [sys.executable, "-m", "zfstune", *words],
        env={
            **os.environ,
            "LD_PRELOAD": str(folder / "shim.so"),
            "ZFSTUNE_TEST_SYNC": str(sync),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.returncode == 0 or "ended with signal 9" in done.stderr
    return done.returncode == 1


def left_by_it(folder: Path) -> str:
    """Give the kind of what the receive has left; nothing else may have changed."""
    with ImageEngine(folder / "target") as engine:
        assert engine.find_snapshots(["tank/mine@s"])
        return {each.name: each.kind for each in engine.datasets("tank")}.get("tank/r", "")


def completed(folder: Path) -> None:
    """Have a replication complete the copy, whatever is there."""
    target = folder / "target"
    words = ["replicate", "--image", str(folder / "source"), "tank/e", "tank/r"]
    assert main([*words, "--to-image", str(target)]) == 0
    with ImageEngine(folder / "source") as engine:
        sent = engine.snapshot("tank/e@a").guid
    with ImageEngine(target) as engine:
        assert engine.snapshot("tank/r@a").guid == sent
        assert engine.find_snapshots(["tank/mine@s"])


def test_what_was_begun_and_has_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dataset without a kind is listed, named, given up by word, or by a replication."""
    found = (
        sync
        for sync in range(FIRST, MOST)
        if killed(folder, sync) and left_by_it(folder) == BEGUN
    )
    sync = next(found)
    target, stream = str(folder / "target"), str(folder / "stream")
    completed(folder)
    assert killed(folder, sync)
    assert main(["--image", target, "list", "-t", "all", "tank/r"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert ["tank/r", BEGUN] in [row.split()[:2] for row in rows]
    assert main(["--image", target, "receive", "tank/r", "--input", stream]) == 1
    hint = capsys.readouterr().err.splitlines()[-1]
    assert f"zfstune --image {target} receive --abort tank/r" in hint
    assert main(["--image", target, "receive", "--abort", "tank/r"]) == 0
    assert main(["--image", target, "receive", "tank/r", "--input", stream]) == 0


def at_each_sync(folder: Path) -> None:
    """Whatever a kill leaves, a replication goes on from there."""
    for sync in range(1, MOST):
        if not killed(folder, sync):
            break
        completed(folder)
        tally(kills=1)
    else:
        pytest.fail("it never came to its end")


if whole():
    test_at_each_sync = at_each_sync
