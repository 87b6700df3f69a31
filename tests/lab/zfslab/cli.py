"""The command line of tests/lab/run, and its exit codes."""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import guest
from .errors import BootError, LabError, say
from .image import DEFAULT_RELEASE, RELEASES, image
from .qemu import (
    CPUS,
    MAX_CPUS,
    MAX_DISKS,
    Disk,
    Emulator,
    Link,
    argv,
    console_tail,
    size_bytes,
)
from .store import locked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

EXIT_LAB = 125
DEFAULT_TIMEOUT_S = 1800.0
# The emulator's clock is not always what a booting kernel can live with: about one boot
# in five hundred panics in sched_clock_cpu() within three seconds.
BOOTS = 3

EPILOG = """\
exit status: that of COMMAND; 2 for a usage error; 125 when the lab failed, so
that no status came (the guest's console is then on stderr); 128+N when signal N
ended the runner.

In the guest COMMAND runs as root, its folder a copy of the work tree, with
ZFSTUNE_LAB=1, ZFSTUNE_LAB_RELEASE, ZFSTUNE_LAB_DISKS and ZFSTUNE_LAB_OUTPUT set.
"""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; it touches nothing."""
    parser = argparse.ArgumentParser(
        prog="tests/lab/run",
        description="Run a command in an emulated Debian guest with a real OpenZFS.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [options] -- COMMAND...\n"
        "       %(prog)s --serve NAME [--release R] [--disk SIZE]...\n"
        "       %(prog)s --in NAME [--no-sync] [--output DIR] -- COMMAND...\n"
        "       %(prog)s --stop NAME | --build [--release R]",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--serve", metavar="NAME", type=_name, help="start a guest that stays up"
    )
    mode.add_argument(
        "--in", metavar="NAME", type=_name, dest="within", help="run COMMAND in that guest"
    )
    mode.add_argument("--stop", metavar="NAME", type=_name, help="end that guest")
    mode.add_argument("--build", action="store_true", help="only build the release's image")
    _add_boot_options(parser)
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        help="give up after so many seconds, the boot included"
        f" (default: {DEFAULT_TIMEOUT_S:g}; none for --serve)",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        help="copy $ZFSTUNE_LAB_OUTPUT there afterwards",
    )
    parser.add_argument(
        "--no-sync", action="store_true", help="leave the guest's work tree as it is"
    )
    parser.add_argument(
        "--no-install", action="store_true", help="sync the work tree, build no wheel"
    )
    parser.add_argument("command", metavar="COMMAND", nargs="*", help=argparse.SUPPRESS)
    return parser


def _add_boot_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which guest is booted."""
    parser.add_argument(
        "--release", choices=RELEASES, help=f"what to boot (default: {DEFAULT_RELEASE})"
    )
    parser.add_argument(
        "--disk",
        metavar="SIZE|FILE",
        type=_disk,
        action="append",
        default=[],
        help="add a virtio disk: empty and temporary, or an existing file, named with a /",
    )
    parser.add_argument(
        "--cpus",
        metavar="N",
        type=int,
        choices=range(1, MAX_CPUS + 1),
        help=f"processors of the guest (default: {CPUS})",
    )
    parser.add_argument(
        "--systemd", action="store_true", help="boot with systemd as process 1"
    )
    parser.add_argument(
        "--link",
        metavar=("HERE", "THERE"),
        type=Path,
        nargs=2,
        help="give the guest a network of its own: it reads frames from the socket HERE"
        " and sends them to the socket THERE",
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS/N",
        type=_address,
        help="the guest's address in that network",
    )
    parser.add_argument(
        "--forward",
        metavar="PORT",
        type=int,
        help="have this port of 127.0.0.1 lead to the guest's sshd; the guest reaches"
        " nobody by it",
    )


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name: letters, digits, - and _, at most 32"
        )
    return text


def _disk(text: str) -> int | Path:
    """Return the size of an empty disk, or the path of an existing one."""
    if "/" in text:
        path = Path(text).resolve()
        if not path.is_file():
            raise argparse.ArgumentTypeError(f"{text!r} is no file")
        return path
    try:
        return size_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _address(text: str) -> str:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address: give one such as 10.77.0.1/24"
        ) from None
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: give seconds")
    return value


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; end with status 2 where they make no sense together."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    takes_command = not (options.serve or options.stop or options.build)
    if takes_command and not options.command:
        parser.error("no COMMAND: give one after --")
    if not takes_command and options.command:
        parser.error("this takes no COMMAND")
    of_a_boot = [options.release, options.disk, options.cpus]
    of_a_boot += [options.systemd, options.link, options.forward]
    if options.within and any(of_a_boot):
        parser.error(
            "--release, --disk, --cpus, --systemd, --link and --forward belong to --serve"
        )
    if bool(options.link) != bool(options.address):
        parser.error("--link and --address go together")
    if len(options.disk) > MAX_DISKS:
        parser.error(f"more than {MAX_DISKS} disks")
    if options.timeout is None and not options.serve:
        options.timeout = DEFAULT_TIMEOUT_S
    options.release = options.release or DEFAULT_RELEASE
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _interrupted)
    try:
        if options.build:
            with image(options.release) as built:
                print(built.folder)
            return 0
        if options.stop:
            guest.stop(options.stop)
            return 0
        if options.within:
            return _hand_over(options)
        return _boot(options)
    except LabError as error:
        sys.stderr.write(error.lines())
        return EXIT_LAB
    except BrokenPipeError:
        # Our reader went away: point stdout elsewhere, or Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        reason = error.strerror or str(error)
        sys.stderr.write(f"cannot use '{error.filename or 'the lab'}': {reason}\n")
        return EXIT_LAB


def _interrupted(number: int, _frame: FrameType | None) -> NoReturn:
    # Once is enough: a second signal must not cut the cleaning up short.
    for other in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _command(options: argparse.Namespace) -> guest.Command:
    return guest.Command(
        options.command,
        options.timeout,
        options.output,
        sync=not options.no_sync,
        install=not options.no_install,
    )


def _hand_over(options: argparse.Namespace) -> int:
    """Run the command in a guest that is up; one command at a time."""
    folder, facts = guest.find(options.within)
    command = _command(options)
    lock = folder / "command.lock"
    with locked(lock, wait=False) as free:
        if free:
            return guest.run(folder, facts, command, dead=lambda: False)
    say(f"waiting for the command that guest '{options.within}' runs")
    with locked(lock):
        return guest.run(folder, facts, command, dead=lambda: False)


def _boot(options: argparse.Namespace) -> int:
    """Boot a guest; run the command in it, or keep it up.

    A guest that dies before it takes the command is booted again: nothing is lost.
    """
    for _ in range(BOOTS - 1):
        try:
            return _boot_once(options)
        except BootError as error:
            sys.stderr.write(error.lines())
            say("booting once more: nothing was run yet")
    return _boot_once(options)


def _boot_once(options: argparse.Namespace) -> int:
    name = options.serve or f"run-{os.getpid()}"
    with image(options.release) as booted, guest.own_folder(name) as folder:
        disks = [_make_disk(folder, index, disk) for index, disk in enumerate(options.disk)]
        link = None
        if options.link:
            here, there = (path.resolve() for path in options.link)
            link = Link(here, there, options.address)
        cpus = options.cpus or CPUS
        line = argv(
            booted,
            disks,
            cpus=cpus,
            systemd=options.systemd,
            link=link,
            forward=options.forward,
        )
        facts = guest.Facts(options.release, len(disks), os.getpid())
        command = _command(options)
        emulator = Emulator(line, folder)
        try:
            if options.serve:
                return _serve(name, folder, facts, emulator, options.timeout)
            return guest.run(folder, facts, command, emulator.dead)
        finally:
            emulator.stop()


def _serve(
    name: str, folder: Path, facts: guest.Facts, emulator: Emulator, timeout_s: float | None
) -> int:
    """Keep a guest up until a signal or the timeout; its own death is a failure."""
    started = time.monotonic()
    # Commands that come too early wait for the boot: it holds their lock.
    with locked(folder / "command.lock"):
        guest.publish(folder, facts)
        guest.run(folder, facts, guest.Command((), timeout_s, sync=False), emulator.dead)
    say(f"guest '{name}' ({facts.release}) is up after {time.monotonic() - started:.0f} s")
    while not emulator.dead():
        time.sleep(guest.POLL_S)
        if timeout_s is not None and time.monotonic() - started > timeout_s:
            say(f"ending guest '{name}': {timeout_s:g} s are over (--timeout)")
            return 0
    raise LabError(
        f"{console_tail(folder)}\ncannot keep guest '{name}' up: it died",
        "above is the end of its console",
    )


def _make_disk(folder: Path, index: int, disk: int | Path) -> Disk:
    if isinstance(disk, Path):
        return Disk(disk, temporary=False)
    path = folder / f"disk{index}.img"
    with path.open("wb") as file:
        file.truncate(disk)
    return Disk(path, temporary=True)
