"""Make the sdist, from it a wheel for each processor, and the list of what is in them.

    python packaging/release/wheels.py FOLDER

The compiler is `zig cc`, a clang that brings along the headers and the symbols of each
release of glibc for each processor: so one machine builds for all, and the wheels ask for
the oldest C library for which cffi itself has wheels. auditwheel proves that, and writes
it into their names. The extension opens ZFS' libraries when it is told to and links none,
so there is nothing to graft.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from claims import sbom_faults, wheel_faults
from sdist import ROOT, pin_of, release_environment, run_quietly
from sdist import main as make_release_sdist

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PROCESSORS", "platform_of"]

PROCESSORS = ("x86_64", "aarch64")
GLIBC = "2.17"
# zig's own defaults are those of a program that is being written: checks of undefined
# behaviour, which bring a megabyte along, and the names for a debugger.
_CFLAGS = (
    "-O2 -g0 -fwrapv -fno-sanitize=undefined -fstack-protector-strong "
    "-D_FORTIFY_SOURCE=2 -Wno-unused-command-line-argument"
)
_MAKE_WHEEL = (
    "import sys; from setuptools.build_meta import build_wheel as f; f(sys.argv[1])"
)


def platform_of(processor: str) -> str:
    """Return the word for the oldest C library and a processor in a wheel's name."""
    return f"manylinux_{GLIBC.replace('.', '_')}_{processor}"


def make_wheel(sdist: Path, processor: str, folder: Path) -> Path:
    """Make the wheel for a processor, and return its path.

    Args:
        sdist: The sources.
        processor: As in ``aarch64``.
        folder: Gets the wheel.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
        SystemExit: It is not what its name says.
    """
    zig = f"{sys.executable} -m ziglang cc -target {processor}-linux-gnu.{GLIBC}"
    environment = release_environment() | {
        "CC": zig,
        "LDSHARED": f"{zig} -shared -s",
        "CFLAGS": _CFLAGS,
        "LDFLAGS": "-Wl,-z,relro -Wl,-z,now",
        # The name in the wheel's tag. Python's headers are this machine's: with the
        # stable ABI they differ in nothing between two processors with LP64.
        "_PYTHON_HOST_PLATFORM": f"linux-{processor}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["tar", "-xf", sdist, "-C", scratch], check=True)
        [sources] = Path(scratch).iterdir()
        argv = [sys.executable, "-c", _MAKE_WHEEL, scratch]
        run_quietly(argv, sources, environment)
        [made] = Path(scratch).glob("*.whl")
        before = set(folder.glob("*.whl"))
        run_quietly(["auditwheel", "repair", "-w", folder, made], sources, environment)
    [target] = {*folder.glob("*.whl")} - before
    major, minor = map(int, GLIBC.split("."))
    faults = wheel_faults(target, processor, platform_of(processor), (major, minor))
    _refuse(target, faults)
    return target


def _refuse(target: Path, faults: Iterable[str]) -> None:
    """End where something is wrong with a file."""
    for fault in faults:
        raise SystemExit(f"cannot release '{target.name}': {fault}")


def make_sbom(wheel: Path, target: Path) -> None:
    """Write what an installation of the wheel consists of, as CycloneDX."""
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(scratch, with_pip=False)
        python = f"{scratch}/bin/python"
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        pins = ROOT / "packaging" / "release" / "requirements.txt"
        subprocess.run([*pip, "--constraint", pins, wheel], check=True)
        argv: list[str | Path] = [
            *(sys.executable, "-m", "cyclonedx_py", "environment"),
            *("--pyproject", ROOT / "pyproject.toml", "--output-reproducible"),
            *("--output-format", "JSON", "--output-file", target, python),
        ]
        run_quietly(argv, ROOT)
    # pyproject.toml says where the version stands, and so does not have it.
    document = json.loads(target.read_text("utf-8"))
    document["metadata"]["component"]["version"] = wheel.name.split("-")[1]
    versions = {name: pin_of(name).partition("==")[2] for name in ("cffi", "pycparser")}
    _refuse(target, sbom_faults(document, wheel.name.split("-")[1], versions))
    target.write_text(f"{json.dumps(document, indent=2)}\n", "utf-8")


def main(folder: Path) -> None:
    """Make all of it."""
    os.umask(0o022)  # a wheel holds the modes of its files
    for old in folder.glob("zfstune-*"):
        old.unlink()
    sdist = make_release_sdist(folder)
    print(sdist)
    for processor in PROCESSORS:
        wheel = make_wheel(sdist, processor, folder)
        print(wheel)
        if processor == os.uname().machine:
            sbom = folder / f"{sdist.name.removesuffix('.tar.gz')}.cdx.json"
            make_sbom(wheel, sbom)
            print(sbom)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 (the script and the folder)
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
