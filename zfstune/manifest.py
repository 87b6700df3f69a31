"""What the installer noted about this machine."""

from __future__ import annotations

import os

from zfstune.errors import PlanError
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MANIFEST", "host_name", "read_manifest"]

# What the kldload installer leaves on the machines it installs: NAME=value lines.
MANIFEST = "/etc/kldload/install-manifest.env"

_HOSTNAME_VARIABLE = "KLDLOAD_HOSTNAME"
_MOST_CHARACTERS = 1 << 16


def read_manifest(path: str, variable: str) -> str | None:
    """Read one variable of the installer's file, as data: a shell would run it.

    Args:
        path: The file; one that is not there holds nothing.
        variable: Its name; of several lines the last counts.

    Returns:
        Its value without quotes, None where it has none.

    Raises:
        PlanError: The file is there and cannot be read.
    """
    try:
        # a line ends at "\n" alone, as it does for a shell
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            lines = file.read(_MOST_CHARACTERS).split("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PlanError(f"cannot read '{shown(path)}': {error.strerror}") from None
    found = None
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name == variable:
            found = value.partition(" #")[0].strip().strip("'\"")
    return found or None


def host_name(*, environ: Mapping[str, str] | None = None, manifest: str = MANIFEST) -> str:
    """Give this host's name: as the installer was told, else as the kernel has it.

    Args:
        environ: ``KLDLOAD_HOSTNAME`` is read from it; default: this process's own.
        manifest: File that gives it where the environment does not.

    Raises:
        PlanError: The manifest is there and cannot be read.
    """
    environ = os.environ if environ is None else environ
    told = environ.get(_HOSTNAME_VARIABLE) or read_manifest(manifest, _HOSTNAME_VARIABLE)
    return told or os.uname().nodename
