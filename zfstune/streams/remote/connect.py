"""Connect to another host, and find which zfs is there."""

from __future__ import annotations

from zfstune.streams.remote.failures import lost_error
from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.greeting import (
    MOST_GREETING_BYTES,
    PROBE,
    PROTOCOL,
    read_greeting,
)
from zfstune.streams.remote.served_side import ServedSide
from zfstune.streams.remote.session import ClientSession
from zfstune.streams.remote.ssh import SshHost
from zfstune.streams.remote.zfs_side import ZfsSide
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zfstune.streams.remote.greeting import Greeting
    from zfstune.streams.remote.ssh import RemoteCommand
    from zfstune.values.state import Partial

__all__ = ["connect"]

_GREETING_S = 60.0
_LINE = f"sh -c {for_shell(PROBE)}"
_NOISE = (
    "the login shell there has to print nothing when no terminal is there: see its "
    "startup files; a forced command has to be `zfstune serve`"
)


def connect(
    host: str, options: Sequence[str], read_token: Callable[[str], Partial]
) -> ServedSide | ZfsSide:
    """Connect to a host; the side that is returned has to be closed.

    Args:
        host: The host, its user included.
        options: Options as for ``ssh -o``.
        read_token: Reads a resume token, on this host.

    Raises:
        EngineError: It cannot be reached, or has no zfs, or a zfstune that is too old or
            too new for this one.
    """
    reached = SshHost(host, options)
    reached.share()
    try:
        command, greeting = _greeted(reached, master=True)
    except BaseException:
        reached.close()
        raise
    if greeting.kind == "zfs-alone":
        return ZfsSide(reached, command, read_token)
    # Each further session has a connection of its own: one that is broken off takes no
    # other with it, and several are faster than one.
    reached.close()
    return ServedSide(
        ClientSession(command), lambda: ClientSession(_greeted(SshHost(host, options))[0])
    )


def _greeted(host: SshHost, *, master: bool = False) -> tuple[RemoteCommand, Greeting]:
    """Start the probe; return it with the line that it said."""
    command = host.start(_LINE, master=master)
    try:
        greeting = read_greeting(_first_line(command))
        _check_greeting(host.host, greeting)
    except BadMessageError as error:
        command.close(at_once=True)
        reason = f"no zfstune answers there: {error}"
        raise lost_error(host.host, reason, _NOISE) from None
    except BaseException:
        command.close(at_once=True)
        raise
    return command, greeting


def _check_greeting(host: str, greeting: Greeting) -> None:
    if greeting.kind == "no-zfs":
        raise lost_error(host, "neither zfstune nor the zfs command is there")
    if greeting.kind == "zfstune" and greeting.protocol != PROTOCOL:
        raise lost_error(
            host,
            f"zfstune {greeting.version} there speaks protocol {greeting.protocol}, and "
            f"this one speaks {PROTOCOL}",
            "install the same release of zfstune on both hosts",
        )


def _first_line(command: RemoteCommand) -> bytes:
    line = b""
    while b"\n" not in line:
        if len(line) > MOST_GREETING_BYTES:
            raise BadMessageError(f"its first {len(line)} bytes have no line end")
        part = command.read(MOST_GREETING_BYTES, stall_s=_GREETING_S)
        if not part:
            raise command.failure()
        line += part
    if not line.endswith(b"\n"):
        raise BadMessageError("it goes on after its first line, and was not asked")
    return line[:-1]
