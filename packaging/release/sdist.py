"""Make the sdist: from the files that git knows, byte for byte the same each time.

    python packaging/release/sdist.py FOLDER

setuptools writes the time of each file and of the archive into it. They are set to the
time of the commit here (SOURCE_DATE_EPOCH), with owners and modes that no umask changes.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ROOT",
    "commit_time",
    "copy_sources",
    "make_sdist",
    "pin_of",
    "release_environment",
    "run_quietly",
]

ROOT = Path(__file__).resolve().parents[2]
_PINS = ROOT / "packaging" / "release" / "requirements.txt"
_MAKE_SDIST = (
    "import sys; from setuptools.build_meta import build_sdist as f; f(sys.argv[1])"
)


def commit_time() -> int:
    """Return the time that stands in all files: of $SOURCE_DATE_EPOCH, or the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or _git("log", "-1", "--format=%ct"))


def pin_of(name: str) -> str:
    """Return a pinned requirement, as in ``cffi==2.1.1``."""
    [found] = re.findall(rf"^{name}==.+", _PINS.read_text("utf-8"), re.MULTILINE)
    return str(found)


def release_environment() -> dict[str, str]:
    """Return the environment of a program that has part in a release."""
    return {**os.environ, "SOURCE_DATE_EPOCH": str(commit_time()), "LC_ALL": "C.UTF-8"}


def run_quietly(
    argv: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run a program, and show its output where it fails.

    Args:
        argv: The program with its arguments.
        folder: Where it runs.
        environment: Default: :func:`release_environment`.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    done = subprocess.run(
        argv,
        cwd=folder,
        env=environment or release_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        done.check_returncode()


def _git(*words: str) -> str:
    return subprocess.check_output(["git", *words], cwd=ROOT, text=True)


def copy_sources(folder: Path) -> None:
    """Copy the files that git knows, as they are in the work tree."""
    for name in filter(None, _git("ls-files", "-z").split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def make_sdist(sources: Path, folder: Path) -> Path:
    """Make the sdist of a copy of the sources, and return its path.

    Raises:
        subprocess.CalledProcessError: setuptools could not make it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        argv = [sys.executable, "-c", _MAKE_SDIST, scratch]
        subprocess.run(
            argv,
            cwd=sources,
            env=release_environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        [made] = Path(scratch).iterdir()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / made.name
        target.write_bytes(_same_each_time(made.read_bytes(), commit_time()))
    return target


def _same_each_time(archive: bytes, seconds: int) -> bytes:
    """Write an archive anew, in the order of names, with nothing of this machine."""
    unpacked = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as given,
        tarfile.open(fileobj=unpacked, mode="w", format=tarfile.PAX_FORMAT) as made,
    ):
        for member in sorted(given.getmembers(), key=lambda member: member.name):
            plain = tarfile.TarInfo(member.name)
            plain.type, plain.size, plain.mtime = member.type, member.size, seconds
            plain.mode = 0o755 if member.isdir() else 0o644
            made.addfile(plain, given.extractfile(member) if member.isreg() else None)
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, packed, mtime=seconds) as file:
        file.write(unpacked.getvalue())
    return packed.getvalue()


def main(folder: Path) -> Path:
    """Make the sdist, manual pages and completions included."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = Path(scratch, "zfstune")
        copy_sources(sources)
        pages = [sys.executable, "packaging/pages/make_pages.py", "share"]
        environment = release_environment() | {"PYTHONPATH": str(sources)}
        run_quietly(pages, sources, environment)
        return make_sdist(sources, folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 (the script and the folder)
        sys.exit(__doc__)
    print(main(Path(sys.argv[1]).resolve()))
