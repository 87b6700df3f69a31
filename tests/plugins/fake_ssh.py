"""A program in ssh's place that runs the command here, as sshd would on another host."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["fake_host"]

_SSH = """#!/bin/sh
# Options, --, the host and a line for its shell, as zfstune calls ssh.
for word; do [ "$word" = -G ] && {{ echo controlpath none; exit; }}; done
while [ "$1" != -- ]; do shift; done
echo "$$" >>{pids}
export PATH={folder}:/usr/bin:/bin {variables}
exec sh -c "${{SSH_FORCED:-$3}}"
"""
_ZFSTUNE = """#!/bin/sh
echo "$$" >>{served}
exec {python} -P -m zfstune "$@"
"""


def fake_host(folder: Path, *, zfstune: bool = True, **variables: str) -> Path:
    """Make a host; return the program in ssh's place, which leads to it.

    Args:
        folder: A new folder for its programs and notes: ``pids`` has the process of each
            ssh, ``served`` that of each zfstune.
        zfstune: Whether the host has one.
        variables: The environment of its commands.
    """
    folder.mkdir(parents=True)
    words = " ".join(f"{name}={shlex.quote(text)}" for name, text in variables.items())
    ssh = folder / "ssh"
    ssh.write_text(_SSH.format(folder=folder, variables=words, pids=folder / "pids"))
    ssh.chmod(0o755)
    if zfstune:
        program = folder / "zfstune"
        program.write_text(_ZFSTUNE.format(python=sys.executable, served=folder / "served"))
        program.chmod(0o755)
    return ssh
