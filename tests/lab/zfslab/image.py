"""The cache of images, keyed by a hash of their recipe."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import LabError, say
from .store import LAB, cache, locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RELEASES = ("bookworm", "trixie", "trixie-backports")
DEFAULT_RELEASE = RELEASES[0]
RECIPE = LAB / "image"
KEY_DIGITS = 12
ALIVE_S = 30.0


@dataclass(frozen=True, slots=True)
class Image:
    """A complete image: what `image/build` leaves in its folder."""

    release: str
    folder: Path

    @property
    def disk(self) -> Path:
        """The root file system, ext4."""
        return self.folder / "root.ext4"

    @property
    def kernel(self) -> Path:
        """The release's own kernel, unpacked where the emulator can start it so."""
        return self.folder / "kernel"

    @property
    def initrd(self) -> Path:
        """The lab's small initramfs."""
        return self.folder / "initrd.cpio"

    @property
    def root(self) -> Path:
        """The root file system as a tree, for work done natively in it."""
        return self.folder / "root"


def recipe_key(release: str, recipe: Path = RECIPE) -> str:
    """Return the key of a release's image: names, modes and bytes of its recipe.

    host-setup is left out: what the host has installed is not in the image.
    """
    digest = hashlib.sha256(release.encode())
    for path in sorted(recipe.rglob("*")):
        if path.is_file() and path.name != "host-setup":
            executable = os.access(path, os.X_OK)
            data = path.read_bytes()
            name = path.relative_to(recipe).as_posix()
            digest.update(f"\0{name}\0{executable}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()[:KEY_DIGITS]


@contextlib.contextmanager
def image(release: str) -> Iterator[Image]:
    """Yield the image of a release, built if need be and kept while in use."""
    folder = cache() / "images" / f"{release}-{recipe_key(release)}"
    in_use = folder.with_suffix(".use")
    with locked(in_use, shared=True):
        if not folder.is_dir():
            _build(release, folder)
        yield Image(release, folder)


def _build(release: str, folder: Path) -> None:
    """Build under a lock, rename into place, and drop what it replaces."""
    lock = folder.parent / f"{release}.lock"
    with locked(lock, wait=False) as free:
        if free:
            _build_locked(release, folder)
            return
    say(f"waiting for another run to build the image of {release}")
    with locked(lock):
        _build_locked(release, folder)


def _build_locked(release: str, folder: Path) -> None:
    if folder.is_dir():
        return
    unfinished = folder.parent / f"{release}.building"
    shutil.rmtree(unfinished, ignore_errors=True)
    say(f"building the image of {release}: this takes some minutes, once")
    # apt has one lock for the whole host, and images are built side by side
    with locked(folder.parent / "host.lock"):
        _step(release, [str(RECIPE / "host-setup")])
    _step(release, [str(RECIPE / "build"), release, str(unfinished)])
    unfinished.rename(folder)
    _drop_old(release, folder)


def _step(release: str, argv: list[str]) -> None:
    """Run a step of the build; say every so often that it is still going on.

    A kernel module is compiled in silence, for minutes on a slow machine.
    """
    started = time.monotonic()
    # It ends with the runner, and its stdout is talk: ours is the command's.
    line = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
    with subprocess.Popen(line, stdout=2, stdin=subprocess.DEVNULL) as step:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = step.wait(ALIVE_S)
                break
            say(f"{release}: still building after {time.monotonic() - started:.0f} s")
    if status:
        raise LabError(
            f"cannot build '{release}': {argv[0]} ended with status {status}",
            "its messages are above; the next run starts afresh",
        )


def _drop_old(release: str, keep: Path) -> None:
    """Remove images of older recipes that no guest uses."""
    for old in keep.parent.glob(f"{release}-*"):
        # trixie-* also matches trixie-backports-*: the key has no dash.
        if old == keep or not old.is_dir() or old.name.rpartition("-")[0] != release:
            continue
        with locked(old.with_suffix(".use"), wait=False) as free:
            if free:
                shutil.rmtree(old)
                old.with_suffix(".use").unlink()
