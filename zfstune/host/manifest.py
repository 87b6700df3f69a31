"""The facts about this machine that its installer noted, and the host's name."""

from __future__ import annotations

import os

from zfstune.values.errors import PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MANIFEST", "configured", "host_and_source", "host_name", "read_manifest"]

# The kldload installer leaves this file of NAME=value lines on each machine.
MANIFEST = "/etc/kldload/install-manifest.env"

_HOSTNAME_VARIABLE = "KLDLOAD_HOSTNAME"
_MOST_CHARACTERS = 1 << 16


def read_manifest(path: str, variable: str) -> str | None:
    """Read one variable of the installer's file, without running it as a shell would.

    Args:
        path: The file; one that does not exist has no variables.
        variable: The variable's name; of several lines the last counts.

    Returns:
        The variable's value without quotes; None where it has none.

    Raises:
        PlanError: The file exists and cannot be read.
    """
    try:
        # A line ends at "\n" alone, as it does for a shell.
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            lines = file.read(_MOST_CHARACTERS).split("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PlanError(f"cannot read '{shown(path)}': {error.strerror}") from None
    last_value = None
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name == variable:
            last_value = value.partition(" #")[0].strip().strip("'\"")
    return last_value or None


def configured(
    variables: Iterable[str],
    *,
    environ: Mapping[str, str] | None = None,
    manifest: str = MANIFEST,
) -> tuple[str, str]:
    """Return the value of the first variable that has one, and the place it comes from.

    Args:
        variables: Names in the order of precedence. The environment is asked for each
            of them, then the installer's file for the last.
        environ: The environment; default: this process's own.
        manifest: The installer's file.

    Returns:
        The value, and the place as a phrase for messages: a user who never typed the
        value has to learn where it stands, which is the file where a script has brought
        its value into the environment. Both are empty where no variable has one.

    Raises:
        PlanError: The file exists and cannot be read.
    """
    environ = os.environ if environ is None else environ
    names = tuple(variables)
    last = names[-1] if names else ""
    in_file = f"{last} in {shown(manifest)}"
    for name in names:
        if environ.get(name):
            # A script may have read the file before it started zfstune.
            copied = name == last and _is_in(manifest, name, environ[name])
            return environ[name], in_file if copied else f"${name}"
    value = read_manifest(manifest, last)
    return (value, in_file) if value else ("", "")


def _is_in(manifest: str, name: str, value: str) -> bool:
    """Tell whether the file has that value, too; one that cannot be read has none."""
    try:
        return read_manifest(manifest, name) == value
    except PlanError:
        return False


def host_name(*, environ: Mapping[str, str] | None = None, manifest: str = MANIFEST) -> str:
    """Return this host's name: the one given to the installer, else the kernel's.

    Args:
        environ: ``KLDLOAD_HOSTNAME`` is read from it; default: this process's own.
        manifest: The file that is read where the environment has no name.

    Raises:
        PlanError: The manifest exists and cannot be read.
    """
    return host_and_source(environ=environ, manifest=manifest)[0]


def host_and_source(
    *, environ: Mapping[str, str] | None = None, manifest: str = MANIFEST
) -> tuple[str, str]:
    """Return this host's name and the place it comes from; empty: it is the kernel's.

    Arguments and errors are those of :func:`host_name`.
    """
    name, source = configured([_HOSTNAME_VARIABLE], environ=environ, manifest=manifest)
    return name or os.uname().nodename, source
