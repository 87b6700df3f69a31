"""Pools in files of their own that the kernel can mount, and what is in them."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Properties = dict[str, tuple[str, str, str]]

FOLDER = Path("/dev/shm/zfstune-lab")  # noqa: S108 (the guest is ours alone)
SIZE_BYTES = 512 << 20
MIB = 1 << 20
OWNER = 4711
# What a kernel says from one moment to the next, or that an import changes.
MOVES = frozenset(
    [
        "available",
        "used",
        "referenced",
        "written",
        "usedbydataset",
        "usedbychildren",
        "usedbysnapshots",
        "logicalused",
        "logicalreferenced",
        "unique",
        "compressratio",
        "refcompressratio",
    ]
)


class Pool:
    """A pool in a file of its own, where the kernel can mount it."""

    def __init__(self, command: Callable[..., str]) -> None:
        self.name = f"zt{secrets.token_hex(4)}"
        self.folder = FOLDER / self.name
        self.folder.mkdir(parents=True)
        self.file = self.folder / "image"
        self.root = self.folder / "root"
        self._run = command

    def _command(self, *words: str | Path, check: bool = True) -> str:
        return self._run(*map(str, words), check=check)

    def take(self) -> None:
        """Import it, and mount what mounts by itself."""
        self._command("zpool", "import", "-R", self.root, "-d", self.folder, self.name)

    def give(self) -> None:
        """Export it."""
        self._command("zpool", "export", self.name)

    def check(self) -> None:
        """Read every block of it: nothing is wrong."""
        self._command("zpool", "scrub", "-w", self.name)
        status = self._command("zpool", "status", "-v", self.name)
        assert "scrub repaired 0B" in status
        assert "with 0 errors" in status
        assert "No known data errors" in status

    def check_exported(self) -> None:
        """Walk every block of it, and count what is allocated."""
        said = self._command("zdb", "-bcc", "-e", "-p", self.folder, self.name)
        assert "No leaks" in said
        assert "error" not in said.lower().replace("no leaks", "")

    def drop(self) -> None:
        """Destroy what is imported, and forget the file."""
        listed = self._command("zpool", "list", "-H", "-o", "name", check=False)
        if self.name in listed.split():
            self._command("zpool", "destroy", "-f", self.name)
        self.file.unlink(missing_ok=True)


def hashes(folder: Path) -> dict[str, tuple[object, ...]]:
    """Give contents, owner, mode and attributes of each file below a folder."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_uid,
            path.stat().st_mode,
            *((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path))),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fill(folder: Path) -> None:
    """Write what exercises a filesystem: many files, a large one, links, attributes."""
    for number in range(12):
        part = folder / f"d{number % 3}"
        part.mkdir(exist_ok=True)
        (part / f"f{number}").write_bytes(os.urandom(number * 997))
    large = folder / "large é"
    large.write_bytes(os.urandom(MIB) + bytes(MIB))
    os.setxattr(large, "user.zt", b"value" * 40)
    os.chown(large, OWNER, OWNER)
    os.chmod(folder / "d1" / "f1", 0o4755)  # noqa: PTH101, S103 (a mode that shows)
    os.link(large, folder / "hard")
    (folder / "soft").symlink_to("hard")


def properties(engine: Engine, pool: str) -> dict[str, tuple[str, str, str]]:
    """Give what all datasets' properties are, but for what moves."""
    return {
        f"{dataset.name} {name}": (p.value, p.source, p.origin)
        for dataset in engine.datasets(pool)
        for name, p in dataset.properties.items()
        if name not in MOVES
    }


def differences(ours: Properties, theirs: Properties) -> dict[str, tuple[object, object]]:
    """Give what differs, and how."""
    return {
        key: (ours.get(key), theirs.get(key))
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key) != theirs.get(key)
    }
