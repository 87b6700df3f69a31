"""What the installer noted about this machine."""

from __future__ import annotations

import os

from zfstune.values.errors import PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MANIFEST", "configured", "host_and_source", "host_name", "read_manifest"]

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


def configured(
    variables: Iterable[str],
    *,
    environ: Mapping[str, str] | None = None,
    manifest: str = MANIFEST,
) -> tuple[str, str]:
    """Give the value of the first variable that has one, and where that stands.

    Args:
        variables: Names, the first before the next; the environment is asked for all
            of them, then the installer's file for the last.
        environ: Default: this process's own.
        manifest: The installer's file.

    Returns:
        The value, and a phrase for messages; both empty where nothing says it. Who
        reads a message never typed that value, so the message has to say whose it is.

    Raises:
        PlanError: The file is there and cannot be read.
    """
    environ = os.environ if environ is None else environ
    name = ""
    for name in variables:
        if environ.get(name):
            return environ[name], f"${name}"
    value = read_manifest(manifest, name)
    return (value, f"{name} in {shown(manifest)}") if value else ("", "")


def host_name(*, environ: Mapping[str, str] | None = None, manifest: str = MANIFEST) -> str:
    """Give this host's name: as the installer was told, else as the kernel has it.

    Args:
        environ: ``KLDLOAD_HOSTNAME`` is read from it; default: this process's own.
        manifest: File that gives it where the environment does not.

    Raises:
        PlanError: The manifest is there and cannot be read.
    """
    return host_and_source(environ=environ, manifest=manifest)[0]


def host_and_source(
    *, environ: Mapping[str, str] | None = None, manifest: str = MANIFEST
) -> tuple[str, str]:
    """Give this host's name, and what says so; empty where that is the kernel.

    Args and errors are those of :func:`host_name`.
    """
    name, source = configured([_HOSTNAME_VARIABLE], environ=environ, manifest=manifest)
    return name or os.uname().nodename, source
