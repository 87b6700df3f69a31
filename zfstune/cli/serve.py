"""``zfstune serve``: answer the calls of a zfstune on another host."""

from __future__ import annotations

import os
import sys
import syslog
from contextlib import contextmanager

from zfstune import __version__
from zfstune.cli import exit_status
from zfstune.cli.output import warn
from zfstune.cli.which_zfs import open_zfs
from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.grant import Grant
from zfstune.streams.remote.serve import Server
from zfstune.values.names import check_dataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

__all__ = ["add_arguments"]

_STDIN, _STDOUT, _STDERR = range(3)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Answer the calls that `zfstune replicate` of another host makes over ssh: the "
        "protocol on stdin and stdout, nothing for people. Without --allow it does all "
        "that the user may do. As the forced command of a key, with --allow, it answers "
        "nothing else than calls about DATASET and those below it, whatever the other "
        "host asks for: see docs/howto/ssh.md. An exception that is a fault of zfstune's "
        "is printed to stderr; with --allow it goes to the system's log, since ssh "
        "carries stderr to the other host."
    )
    parser.add_argument(
        "--allow",
        metavar="DATASET",
        help="answer about this dataset and those below it alone",
    )
    parser.add_argument(
        "--send", action="store_true", help="with --allow: streams may be read from there"
    )
    parser.add_argument(
        "--receive",
        action="store_true",
        help="with --allow: streams may be added there; new datasets are inert",
    )
    parser.add_argument(
        "--lose",
        action="store_true",
        help="with --receive: a receive may roll back, and destroy the snapshots that the "
        "other host's `replicate --lose` names",
    )
    parser.add_argument(
        "--properties",
        action="store_true",
        help="with --receive: the other host's `replicate --properties` may set user "
        "properties on copies, and not only those that say how blocks are stored",
    )
    parser.set_defaults(run=_run, refuse=parser.error, watches_itself=True)


def _run(args: argparse.Namespace) -> int:
    grant = _grant(args)
    with _stdout() as sink, open_zfs(args) as engine:
        server = Server(
            LocalSide(engine),
            grant,
            _STDIN,
            sink,
            __version__,
            on_fault=_tell if grant is None else _log,
        )
        try:
            server.run()
        except BadMessageError as error:
            warn(f"cannot go on: the client broke the protocol: {error}")
            return exit_status.FAILED
    return exit_status.DONE


@contextmanager
def _stdout() -> Iterator[int]:
    """Keep stdout for the protocol: what anybody prints goes to stderr."""
    sink = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        yield sink
    finally:
        os.dup2(sink, _STDOUT)
        os.close(sink)


def _tell(fault: Exception) -> None:
    """Print an exception that is a fault of zfstune's, with its traceback."""
    import traceback  # noqa: PLC0415 (slow, and few runs fail)

    traceback.print_exception(fault)
    sys.stderr.flush()


def _log(fault: Exception) -> None:
    """Write it to the system's log: ssh carries stderr to a client that may not know."""
    import traceback  # noqa: PLC0415 (slow, and few runs fail)

    syslog.openlog("zfstune", syslog.LOG_PID, syslog.LOG_DAEMON)
    for line in "".join(traceback.format_exception(fault)).splitlines():
        syslog.syslog(syslog.LOG_ERR, line)


def _grant(args: argparse.Namespace) -> Grant | None:
    if args.allow is None:
        if args.send or args.receive or args.lose or args.properties:
            args.refuse("--send, --receive, --lose and --properties need --allow DATASET")
        return None
    if not (args.send or args.receive):
        args.refuse("--allow needs --send, --receive or both")
    if args.lose and not args.receive:
        args.refuse("--lose needs --receive")
    if args.properties and not args.receive:
        args.refuse("--properties needs --receive")
    root = check_dataset(args.allow, creating=True)
    return Grant(
        root,
        sends=args.send,
        receives=args.receive,
        loses=args.lose,
        properties=args.properties,
    )
