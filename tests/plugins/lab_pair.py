"""Two guests of different releases, and the ways in which one replicates to the other."""

from __future__ import annotations

import secrets
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from lab_machine import Machine
from lab_wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab_machine import Job, Said

__all__ = ["MIB", "Pair", "Way"]

MIB = 1 << 20
RELEASES = {"elder": "bookworm", "newer": "trixie-backports"}
ADDRESSES = ("10.77.0.1", "10.77.0.2")
KEY = "/run/key-of-a-dataset"
_SOURCE = f"""
zfs create -o mountpoint="/$1" "$1"
zfs create -o recordsize=1M -o compression=zstd "$1/wide"
zfs create -s -V 8M -o volblocksize=8K "$1/volume"
head -c 32 /dev/zero >{KEY}
zfs create -o encryption=on -o keyformat=raw -o keylocation=file://{KEY} "$1/secret"
"""
_GROW = """
for part in "" /wide /secret; do
    head -c "$3" /dev/urandom >"/$1$part/file-$2"
    head -c "$3" /dev/zero | tr '\\0' x >>"/$1$part/file-$2"
    ln -s "file-$2" "/$1$part/link-$2"
done
udevadm settle
head -c 65536 /dev/urandom | dd of="/dev/zvol/$1/volume" conv=notrunc,fsync status=none
zfs snapshot -r "$1@$2"
"""
_LISTED = """
zfs list -Hp -r -t snapshot -s createtxg -o name,guid "$1"
"""
_DIGESTS = """
for snapshot; do
    case $snapshot in
    */secret@*) zfstune compare --raw "$snapshot" ;;
    *) zfstune compare "$snapshot" ;;
    esac
done
"""
_REMAINS = """
tokens=$(zfs get -H -r -t filesystem,volume -o value receive_resume_token "$1")
echo "$tokens" | grep -v '^-$' || true
zfs list -H -r -t snapshot -o name "$1" | xargs zfs holds -H
"""


class Pair:
    """Two machines, and the network between them.

    Attributes:
        wire: The network.
        machines: The machines by name: `elder` has OpenZFS 2.1, `newer` has 2.4.

    Args:
        folder: An empty folder, with a short name: sockets lie in it.
        reached: The sshd of each is reached from this host, too.
        systemd: Both boot with systemd as process 1.
    """

    def __init__(
        self, folder: Path, *, reached: bool = False, systemd: bool = False
    ) -> None:
        self.folder = folder
        keys = [folder / "key", folder / "host"]
        for key in keys:
            argv = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", key)
            subprocess.run(argv, check=True)
        self.wire = Wire(folder)
        self.machines: dict[str, Machine] = {}
        for number, (name, release) in enumerate(RELEASES.items()):
            both = ADDRESSES[number], ADDRESSES[1 - number]
            ends = self.wire.ends[number]
            self.machines[name] = Machine(
                name,
                release,
                folder,
                ends=ends,
                addresses=both,
                keys=keys,
                forward=free_port() if reached else None,
                systemd=systemd,
            )

    def boot(self) -> None:
        """Boot both, at the same time."""
        for machine in self.machines.values():
            machine.begin_boot()
        together(*(machine.finish_boot for machine in self.machines.values()))

    def close(self) -> None:
        """End both."""
        for machine in self.machines.values():
            machine.cut_power()
        self.wire.close()


def free_port() -> int:
    """Return a port of this host that is free right now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def together(*works: Callable[[], object]) -> list[object]:
    """Do some work on several machines at once; give what each gave."""
    with ThreadPoolExecutor() as pool:
        return [found.result() for found in [pool.submit(work) for work in works]]


class Way:
    """A source on one machine, a target on the other, and who replicates how.

    Attributes:
        sender: The machine of the source.
        receiver: The machine of the target.
        operator: The machine on which zfstune is run.
        other: The other one, which is reached by ssh.
        source: The source's name.
        target: The target's name.

    Args:
        pair: The machines.
        sender: The name of the machine that sends.
        pull: The target's machine is the operator's.
        alone: The other machine is seen without its zfstune.
    """

    def __init__(self, pair: Pair, sender: str, *, pull: bool, alone: bool) -> None:
        [receiver] = pair.machines.keys() - {sender}
        self.wire = pair.wire
        self.sender, self.receiver = pair.machines[sender], pair.machines[receiver]
        self._pull = pull
        self._host = "far-alone" if alone else "far"
        self.operator, self.other = self.sender, self.receiver
        if pull:
            self.operator, self.other = self.receiver, self.sender
        name = secrets.token_hex(4)
        self.source, self.target = f"{sender}/{name}", f"{receiver}/{name}"

    def argv(self, *options: str, back: bool = False) -> list[str]:
        """Give the command line that replicates; `back`: from the target to the source."""
        ends = [self.source, self.target]
        ends[0 if self._pull else 1] = f"{self._host}:{ends[0 if self._pull else 1]}"
        return ["zfstune", "replicate", *options, *(reversed(ends) if back else ends)]

    def replicate(self, *options: str, back: bool = False) -> str:
        """Replicate; give what is printed."""
        return self.operator.run(*self.argv(*options, back=back))

    def try_to_replicate(self, *options: str) -> Said:
        """Replicate, and give the end that it came to."""
        return self.operator.ask(*self.argv(*options))

    def make_source(self) -> None:
        """Make a source: files, wide records, a volume and an encrypted dataset."""
        self.sender.sh(_SOURCE, self.source)

    def grow(self, short: str, size_bytes: int = MIB // 4) -> None:
        """Write to all of the source's datasets, and take a snapshot of them."""
        self.sender.sh(_GROW, self.source, short, str(size_bytes))

    def snapshots(self, machine: Machine, root: str) -> list[tuple[str, str]]:
        """Give the names below a dataset, and the guids, of all snapshots there."""
        rows = [line.split("\t") for line in machine.sh(_LISTED, root).splitlines()]
        return sorted((name.removeprefix(root), guid) for name, guid in rows)

    def check(self) -> None:
        """See that all has arrived with the same content, and nothing is left over."""
        sent = self.snapshots(self.sender, self.source)
        assert self.snapshots(self.receiver, self.target) == sent
        newest = {name.partition("@")[0]: name for name, _ in sent}.values()
        mine, copied = together(
            lambda: self.sender.sh(_DIGESTS, *(self.source + name for name in newest)),
            lambda: self.receiver.sh(_DIGESTS, *(self.target + name for name in newest)),
        )
        assert mine == copied
        assert str(mine).count("zfstune-content-1") == len(newest)
        assert self.receiver.sh(_REMAINS, self.target) == ""
        assert self.sender.sh(_REMAINS, self.source) == ""

    def stop_after(self, count_bytes: int, *options: str) -> tuple[Job, bool]:
        """Begin to replicate; return once so many bytes have passed and nothing moves.

        Returns:
            The job, and whether it was stopped: it may have been done before.
        """
        self.wire.stand_still_after(count_bytes)
        job = self.operator.begin(*self.argv(*options))
        while not self.wire.wait_for_stop(1.0):
            if job.is_done():
                self.wire.move()
                return job, False
        return job, True

    def clear(self) -> None:
        """Destroy source and target: the disks have room for a few."""
        script = 'zfs destroy -r "$1" || true'
        self.sender.sh(script, self.source)
        self.receiver.sh(script, self.target)
