"""Give the file system on a block device a UUID of its own, by its distribution's tool."""

from __future__ import annotations

import os

from zfstune.values.errors import EngineError
from zfstune.values.text import shown

__all__ = ["find_file_system", "give_new_uuid"]

_HEAD_BYTES = 4096
_MOST_SECONDS = 600
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# File system to the command that gives it a new UUID, without the device.
_COMMANDS = {
    "ext": ("tune2fs", "-U", "random"),
    "xfs": ("xfs_admin", "-U", "generate"),
    "vfat": ("fatlabel", "-i", "-r"),
}


def find_file_system(head: bytes) -> str:
    """Name the file system, by the first 4096 bytes of its device.

    Returns:
        ``ext``, ``xfs`` or ``vfat``; ``partitions`` for a table of partitions; else
        nothing.
    """
    if head[0x438:0x43A] == b"\x53\xef":
        return "ext"
    if head[:4] == b"XFSB":
        return "xfs"
    if head[510:512] != b"\x55\xaa":
        return ""
    if head[54:57] == b"FAT" or head[82:87] == b"FAT32":
        return "vfat"
    return "partitions"


def give_new_uuid(device: str, volume: str) -> str:
    """Give the file system on a device a new UUID; return the kind of file system.

    The tool reads what lies on the device, which may be somebody else's.

    Args:
        device: Path of the device.
        volume: The volume, for messages.

    Raises:
        EngineError: It cannot be done here; the reason says why.
    """
    try:
        fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            kind = find_file_system(os.pread(fd, _HEAD_BYTES, 0))
        finally:
            os.close(fd)
    except OSError as error:
        raise _failed(volume, error.strerror or str(error)) from None
    if kind == "partitions":
        raise _failed(volume, "it has partitions, whose file systems zfstune cannot reach")
    if kind not in _COMMANDS:
        raise _failed(volume, "zfstune knows no file system on it")
    _run((*_COMMANDS[kind], device), volume)
    return kind


def _run(command: tuple[str, ...], volume: str) -> None:
    import subprocess  # noqa: PLC0415 (slow, and few change a UUID)

    try:
        done = subprocess.run(  # noqa: S603 (fixed words, and a device of this volume)
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={"PATH": _PATH, "LC_ALL": "C"},
            timeout=_MOST_SECONDS,
        )
    except FileNotFoundError:
        raise _failed(volume, f"{command[0]} is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(volume, f"{command[0]}: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        why = shown(said.rpartition("\n")[2]) or f"status {done.returncode}"
        raise _failed(volume, f"{command[0]}: {why}")


def _failed(volume: str, reason: str) -> EngineError:
    return EngineError(operation="change the UUID on", target=volume, reason=reason)
