"""The project's wheel: built natively on the host, unpacked for the guests.

A guest's CPU is emulated and slow, so nothing is compiled there. The wheel is
abi3, and one of them serves all releases.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LabError, say
from .store import cache, locked

if TYPE_CHECKING:
    from collections.abc import Iterable

GUEST_PYTHON = "/opt/lab/bin/python"
# No part of a wheel, so a change there does not make a new one.
NOT_PACKAGED = ("tests/", ".ci/", ".github/", "docs/", "examples/", "packaging/ansible/")
KEEP_WHEELS = 8


def source_key(checkout: Path, names: Iterable[str]) -> str:
    """Return the hash of everything that a wheel is made of."""
    digest = hashlib.sha256(sys.version.encode())
    for name in names:
        path = checkout / name
        if name.startswith(NOT_PACKAGED) or not path.is_file():
            continue
        data = path.read_bytes()
        digest.update(f"\0{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
        digest.update(data)
    return digest.hexdigest()[:16]


def installed(checkout: Path, names: list[str]) -> Path | None:
    """Return the folder with the unpacked wheel: site/ and bin/.

    None, with a line on stderr, while the checkout has nothing to build.
    """
    if "pyproject.toml" not in names:
        say("skipping the install: the checkout has no pyproject.toml")
        return None
    folder = cache() / "wheels" / source_key(checkout, names)
    with locked(cache() / "wheels" / "lock"):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(
                dir=folder.parent, prefix="building-"
            ) as scratch:
                _build(checkout, names, Path(scratch)).rename(folder)
        os.utime(folder)
        _drop_old(folder.parent)
    return folder


def _build(checkout: Path, names: list[str], scratch: Path) -> Path:
    """Build from a copy, so that the checkout gets no build/ and no egg-info."""
    source = scratch / "source"
    for name in names:
        if not name.startswith(NOT_PACKAGED) and (checkout / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            # An editor may take a file away between the listing and now.
            with contextlib.suppress(FileNotFoundError):
                shutil.copy2(checkout / name, source / name)
    python = _build_python(build_requires((source / "pyproject.toml").read_text("utf-8")))
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run(
        [
            *pip,
            "wheel",
            "--no-deps",
            "--no-index",
            "--no-build-isolation",
            "-w",
            str(scratch),
            str(source),
        ]
    )
    wheels = list(scratch.glob("*.whl"))
    if len(wheels) != 1:
        raise LabError(
            f"cannot build '{checkout.name}': pip made {len(wheels)} wheels",
            "the project should have one package",
        )
    target = scratch / "install"
    site = target / "site"
    _run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheels[0])]
    )
    # pip's --target puts the scripts inside, with this host's interpreter.
    (target / "bin").mkdir()
    if (site / "bin").is_dir():
        for script in (site / "bin").iterdir():
            _, _, body = script.read_text("utf-8").partition("\n")
            moved = target / "bin" / script.name
            moved.write_text(f"#!{GUEST_PYTHON}\n{body}", "utf-8")
            moved.chmod(0o755)
        shutil.rmtree(site / "bin")
    shutil.copy2(wheels[0], target)
    return target


def build_requires(pyproject: str) -> list[str]:
    """Return what a pyproject.toml asks for to build."""
    return sorted(tomllib.loads(pyproject)["build-system"]["requires"])


def _build_python(requires: list[str]) -> Path:
    """Return the Python of a venv that holds what the build needs.

    There is no build isolation, as that would fetch it anew each time.
    """
    digest = hashlib.sha256(repr((requires, sys.version, sys.prefix)).encode())
    folder = cache() / f"build-venv-{digest.hexdigest()[:12]}"
    python = folder / "bin" / "python"
    marker = folder / "complete"
    if not marker.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "--quiet", "install", *requires])
        marker.touch()
    return python


def _run(argv: list[str]) -> None:
    environment = dict(os.environ)
    if shutil.which("ccache"):
        # Most changes leave the C code alone.
        environment.update(
            CC="ccache gcc", CCACHE_NOHASHDIR="1", CCACHE_DIR=str(cache() / "ccache")
        )
    done = subprocess.run(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        say(done.stdout.decode(errors="replace").rstrip())
        raise LabError(
            f"cannot build the wheel: '{argv[0]}' ended with status {done.returncode}",
            "its messages are above",
        )


def _drop_old(folder: Path) -> None:
    wheels = sorted(
        (path for path in folder.iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for old in wheels[KEEP_WHEELS:]:
        shutil.rmtree(old)
