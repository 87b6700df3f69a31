"""Pack what a host needs that reaches no network: wheels, and a script that installs.

    python packaging/release/bundle.py FOLDER

FOLDER holds what wheels.py made, and gets the bundle: a tar that is byte for byte the
same for the same wheels.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sdist import ROOT, commit_time, pin_of, run_quietly
from wheels import PROCESSORS, platform_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["pack", "with_sums"]

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_SHIPPED = ROOT / "packaging" / "bundle"


def download(folder: Path) -> None:
    """Fetch the wheels that zfstune's own asks for, for each Python and processor."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    everywhere = [pin_of("pycparser"), pin_of("pip")]
    run_quietly([*pip, "--dest", folder, *everywhere], ROOT)
    for processor in PROCESSORS:
        for python in PYTHONS:
            version = python.replace(".", "")
            target = [
                *("--implementation", "cp", "--python-version", python),
                *("--abi", f"cp{version}"),
                *("--platform", platform_of(processor)),
                *("--platform", f"manylinux2014_{processor}"),
            ]
            run_quietly([*pip, *target, "--dest", folder, pin_of("cffi")], ROOT)


def with_sums(files: dict[str, bytes]) -> dict[str, bytes]:
    """Add the file that the script checks all others by."""
    lines = (
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()
    )
    return {**files, "SHA256SUMS": "".join(lines).encode()}


def pack(name: str, files: dict[str, bytes], seconds: int) -> bytes:
    """Pack files into one folder of a tar; the script that installs can be run.

    Args:
        name: The folder.
        files: Contents by the name of the file, in the folder.
        seconds: The time of all files.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, data in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{member}")
            entry.size, entry.mtime = len(data), seconds
            entry.mode = 0o755 if member == "install" else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def contents(wheels: Iterable[Path], beside: Iterable[Path]) -> dict[str, bytes]:
    """Read the files of a bundle, by their names in it."""
    files = {f"wheels/{path.name}": path.read_bytes() for path in sorted(wheels)}
    shipped = (*sorted(_SHIPPED.iterdir()), ROOT / "LICENSE", *beside)
    return with_sums(files | {path.name: path.read_bytes() for path in shipped})


def main(folder: Path) -> Path:
    """Make the bundle, and return its path."""
    [sdist] = folder.glob("zfstune-*.tar.gz")
    name = f"{sdist.name.removesuffix('.tar.gz')}-bundle"
    with tempfile.TemporaryDirectory() as scratch:
        download(Path(scratch))
        wheels = [*Path(scratch).glob("*.whl"), *folder.glob("zfstune-*.whl")]
        files = contents(wheels, [sdist, *folder.glob("*.cdx.json")])
    bundle = folder / f"{name}.tar"
    bundle.write_bytes(pack(name, files, commit_time()))
    return bundle


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 (the script and the folder)
        sys.exit(__doc__)
    print(main(Path(sys.argv[1]).resolve()))
