"""The emulator: its argv, and its process."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import LabError
from .store import LAB

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .image import Image

PORT = "zfstune.lab"
MEMORY = "4G"
CPUS = 2
MAX_CPUS = 8
# x86-64-v2, which numpy's wheels ask for, and AES. No AVX: OpenZFS would pick
# checksum code for it that an emulator runs slowly.
CPU = "Westmere"
MAX_DISKS = 20
# Few large packets cost an emulated CPU less than many small ones.
MTU = 9000
# The card of --forward, which the guest knows by its address; qemu's own network has the
# guest at 10.0.2.15.
FORWARD_MAC = "52:54:00:00:02:0f"
SSH_PORT = 22
CONSOLE_TAIL_LINES = 40

# panic, oops: a broken kernel ends the emulator instead of hanging the run.
# The rest takes away what only costs time under emulation.
CMDLINE = (
    "console=ttyS0 quiet panic=-1 oops=panic mitigations=off nokaslr "
    "tsc=reliable no_timer_check cryptomgr.notests random.trust_cpu=on audit=0 apparmor=0"
)

_SIZE = re.compile(r"([0-9]+)([KMGT]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Disk:
    """A virtio disk of the guest: a file on the host."""

    path: Path
    temporary: bool


@dataclass(frozen=True, slots=True)
class Link:
    """The guest's end of a network: Ethernet frames, a datagram each.

    Attributes:
        here: The socket that the emulator makes, and reads frames from.
        there: The socket that it sends frames to: another guest's, or that of a program
            between the two. Where there is none, the frames are lost, as on a cut wire.
        address: The guest's own, with the length of the network's prefix.
    """

    here: Path
    there: Path
    address: str

    def words(self) -> list[str]:
        """Return the emulator's words for it."""
        here, there = _value(self.here), _value(self.there)
        # The last bytes of the address tell the guests of a network apart.
        last = ipaddress.ip_interface(self.address).packed[-3:].hex(":")
        wire = f"local.type=unix,local.path={here},remote.type=unix,remote.path={there}"
        card = f"mac=52:54:00:{last},host_mtu={MTU},romfile="
        return [
            *("-netdev", f"dgram,id=wire,{wire}"),
            *("-device", f"virtio-net-pci,netdev=wire,{card}"),
        ]


def size_bytes(text: str) -> int:
    """Return the bytes of a size such as 512M or 4G."""
    match = _SIZE.fullmatch(text.upper())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is no size: give a number and K, M, G or T")
    return int(match[1]) << (10 * " KMGT".index(match[2] or " "))


def disk_names(count: int) -> list[str]:
    """Return the devices that the extra disks have in the guest; the root is vda."""
    return [f"/dev/vd{chr(ord('b') + index)}" for index in range(count)]


def argv(
    image: Image,
    disks: Sequence[Disk],
    *,
    cpus: int = CPUS,
    systemd: bool = False,
    link: Link | None = None,
    forward: int | None = None,
) -> list[str]:
    """Return the emulator's command line; paths below the guest's folder are relative.

    They are relative since a unix socket's path is short, and a cache's may not be.

    Args:
        image: What to boot.
        disks: The disks beside the root.
        cpus: How many processors the guest has.
        systemd: Boot with systemd as process 1.
        link: The guest's end of a network.
        forward: The port of this host that leads to the guest's sshd. The guest itself
            reaches nobody by it.
    """
    cmdline = CMDLINE + (" lab.init=/lib/systemd/systemd" if systemd else "")
    if link is not None:
        cmdline += f" net.ifnames=0 lab.address={link.address}"
    if forward is not None:
        cmdline += f" lab.forward={FORWARD_MAC}"
    line = [
        # The emulator dies with the runner, even when that one is killed.
        *("setpriv", "--pdeathsig", "KILL", "--"),
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"),
        *("-no-reboot", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", CPU),
        *("-m", MEMORY, "-smp", str(cpus)),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", cmdline),
        *("-serial", "file:console.log"),
        *("-monitor", "none"),
        *("-device", "virtio-rng-pci"),
        *("-device", "virtio-serial-pci"),
        *("-chardev", "socket,id=agent,path=agent.sock,server=on,wait=off"),
        *("-device", f"virtserialport,chardev=agent,name={PORT}"),
        *("-virtfs", "local,path=share,mount_tag=lab,security_model=none,multidevs=remap"),
        # Many guests share one image: what they write goes to a temporary file.
        *(
            "-drive",
            f"file={_value(image.disk)},format=raw,if=virtio,snapshot=on,cache=unsafe",
        ),
    ]
    for disk in disks:
        # A disk that outlives the guest gets real flushes, for tests of power cuts.
        cache = "unsafe" if disk.temporary else "writeback"
        line += [
            "-drive",
            f"file={_value(disk.path)},format=raw,if=virtio,cache={cache},discard=unmap",
        ]
    # The card of the link comes first, since it is the guest's eth0.
    line += [] if link is None else link.words()
    return line if forward is None else [*line, *_forwarding(forward)]


def _forwarding(port: int) -> list[str]:
    to_sshd = f"hostfwd=tcp:127.0.0.1:{port}-:{SSH_PORT}"
    return [
        *("-netdev", f"user,id=forward,restrict=on,{to_sshd}"),
        *("-device", f"virtio-net-pci,netdev=forward,mac={FORWARD_MAC},romfile="),
    ]


def _value(path: Path) -> str:
    """Return a path as a value of a comma list."""
    return str(path).replace(",", ",,")


class Emulator:
    """A running emulator, in the guest's folder."""

    def __init__(self, line: Sequence[str], folder: Path) -> None:
        """Start it; its own messages go to qemu.log."""
        if shutil.which("qemu-system-x86_64") is None:
            hint = f"run {LAB / 'image' / 'host-setup'} as root"
            raise LabError("cannot start 'qemu-system-x86_64': not installed", hint)
        self.folder = folder
        with (folder / "qemu.log").open("wb") as log:
            self.process = subprocess.Popen(
                line,
                cwd=folder,
                # Snapshot files are as large as what the guest writes: not in a tmpfs.
                env={**os.environ, "TMPDIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the runner, which ends the emulator itself.
                start_new_session=True,
            )

    def dead(self) -> bool:
        """Return whether it has ended."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """End it; nothing in it is worth a farewell, and a hung one would not hear it."""
        self.process.kill()
        self.process.wait()


def console_tail(folder: Path, lines: int = CONSOLE_TAIL_LINES) -> str:
    """Return the last lines of the emulator's log and of the guest's console."""
    parts = []
    for name in ("qemu.log", "console.log"):
        try:
            text = (folder / name).read_text("utf-8", "replace")
        except FileNotFoundError:
            continue
        tail = [line.rstrip("\r") for line in text.split("\n") if line.strip()][-lines:]
        parts += [f"{name}: {line}" for line in tail]
    return "\n".join(parts) or "the console said nothing"
