"""Commands on a host that is short: of descriptors, of memory, of room to write.

It runs on file systems of its own, in a mount namespace of its own::

    unshare --mount python short_host.py FOLDER SEED LAPS VERB...
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from killed_longer import LONGER
from killed_scenarios import SCENARIOS
from killed_verbs import LIMIT_S, Ground, lap
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Fault = Callable[["Host"], AbstractContextManager[None]]

__all__ = ["FAULTS"]

IMAGE_BYTES = 4 << 30  # sparse
KIB = 1 << 10
# Statuses of a command that could not do all of its work, or did; a signal is none.
STATUSES = range(6)


class Host:
    """Two small file systems: one has the image, the other the files of commands."""

    def __init__(self, folder: Path, chosen: random.Random) -> None:
        self.random = chosen
        self.disk, self.files = folder / "disk", folder / "files"
        for path in (self.disk, self.files):
            path.mkdir()
            _run("mount", "-t", "tmpfs", "-o", "size=160m", "none", str(path))
        self.ground = Ground("tank", self.files, self.disk / "x.zpool")
        create_image(self.disk / "x.zpool", size_bytes=IMAGE_BYTES).close()


def _run(*words: str) -> None:
    subprocess.run(words, check=True)


@contextmanager
def _limited(host: Host, *words: str) -> Iterator[None]:
    host.ground.limits = ("prlimit", *words)
    try:
        yield
    finally:
        host.ground.limits = ()


def descriptors(host: Host) -> AbstractContextManager[None]:
    """So few that some call lacks one; Python itself starts with five."""
    return _limited(host, f"--nofile={host.random.randrange(5, 14)}")


def memory(host: Host) -> AbstractContextManager[None]:
    """So little that this process or that of the image is short of it."""
    return _limited(host, f"--as={host.random.randrange(34 << 20, 110 << 20)}")


@contextmanager
def _full(host: Host, path: Path, most_left: int) -> Iterator[None]:
    """Fill a file system but for a few pages."""
    filler = path / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * KIB))
        except OSError:
            os.truncate(filler, file.tell() - host.random.randrange(most_left))
    try:
        yield
    finally:
        filler.unlink()


def full_disk(host: Host) -> AbstractContextManager[None]:
    """The file system of the image has no room, or nearly none."""
    return _full(host, host.disk, 512 * KIB)


def full_folder(host: Host) -> AbstractContextManager[None]:
    """That of notes, streams and exports has none."""
    return _full(host, host.files, 16 * KIB)


@contextmanager
def _read_only(path: Path) -> Iterator[None]:
    _run("mount", "-o", "remount,ro", str(path))
    try:
        yield
    finally:
        _run("mount", "-o", "remount,rw", str(path))


def read_only_disk(host: Host) -> AbstractContextManager[None]:
    """The image cannot be written."""
    return _read_only(host.disk)


def read_only_folder(host: Host) -> AbstractContextManager[None]:
    """Notes, streams and exports cannot be written."""
    return _read_only(host.files)


FAULTS: tuple[Fault, ...] = (
    *(descriptors, memory, full_disk, full_folder),
    *(read_only_disk, read_only_folder),
)


def main(folder: str, seed: str, laps: str, *verbs: str) -> None:
    """Run each verb under each fault, so many times; print what came of it as JSON."""
    host = Host(Path(folder), random.Random(seed))  # noqa: S311 (to repeat)
    ended: Counter[str] = Counter()

    def disturb(fault: Fault, *words: str) -> str:
        with fault(host):
            child = host.ground.start(*words)
            said, _ = child.communicate(timeout=LIMIT_S)
        assert child.returncode in STATUSES, (words, child.returncode, said)
        # The process of an image may have been at its end in Python, and is quoted.
        own = said.partition("OpenZFS stopped:")[0]
        assert "Traceback" not in own, (fault.__name__, words, said)
        told = child.returncode in (0, 3, 4) or "zfstune: " in said
        assert told, (fault.__name__, words, said)
        return "done" if child.returncode == 0 else "refused"

    for scenario in (*SCENARIOS, *LONGER):
        if verbs and scenario.verb not in verbs:
            continue
        for number in range(int(laps)):
            for fault in FAULTS:
                root = f"tank/{scenario.verb}-{fault.__name__}-{number}"
                outcome = lap(
                    host.ground, scenario, root, lambda *w, f=fault: disturb(f, *w)
                )
                ended[outcome] += 1
    print(json.dumps(ended))


if __name__ == "__main__":
    main(*sys.argv[1:])
