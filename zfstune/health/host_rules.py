"""What of the system around OpenZFS is missing or in the way."""

from __future__ import annotations

from zfstune.health.host_finding import HostFinding
from zfstune.health.trap import ADVICE, DANGER, FAULT, NOTE
from zfstune.values.text import shown, utc_minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.health.host_facts import HostFacts
    from zfstune.values.state import Dataset

__all__ = ["CLOCK_KEEPERS", "WANTED_PROGRAMS", "ZED", "host_findings", "other_parameters"]

# The programs that are looked for. zfstune itself runs ssh and exportfs alone.
WANTED_PROGRAMS = ("exportfs", "ssh", "mount.zfs")

# The daemon of OpenZFS for events, and those that keep a clock right, as the kernel names
# their processes. The tools of some hypervisors do that as well.
ZED = "zed"
CLOCK_KEEPERS = (
    "VBoxService",
    "chronyd",
    "ntp-daemon",
    "ntpd",
    "ntpsec",
    "openntpd",
    "phc2sys",
    "ptp4l",
    "systemd-timesyn",
    "vmtoolsd",
)

_FUTURE_S = 120  # two clocks differ by so much without anybody noticing


def host_findings(facts: HostFacts) -> Iterator[HostFinding]:
    """Yield what is wrong with libraries, permissions, programs, zones and the clock."""
    if not facts.image:
        yield from _library(facts)
        yield from _permissions(facts)
        yield from _programs(facts)
        yield from _swap(facts)
    yield from _zones(facts)
    yield from _clock(facts)


def other_parameters() -> tuple[str, ...]:
    """Return the parameters that decide whom a fault of a release concerns."""
    return (
        "zfs_arc_max",
        "zfs_bclone_enabled",
        "zfs_dmu_offset_next_sync",
        "zvol_use_blk_mq",
    )


def _library(facts: HostFacts) -> Iterator[HostFinding]:
    module, library = _bare(facts.module), _bare(facts.library)
    if not module or not library or module == library:
        return
    yield HostFinding(
        "library-differs",
        ADVICE,
        f"the module is of OpenZFS {module}, the zfs command and its library of {library}: "
        "calls that one of them lacks fail, and a fix for the other has no effect",
        "install both of one release, and reboot where the module was updated",
        "man/man8/zfs-version.8",
    )


def _permissions(facts: HostFacts) -> Iterator[HostFinding]:
    if facts.device:
        yield HostFinding(
            "device-closed",
            FAULT,
            f"/dev/zfs cannot be opened: {facts.device}",
            "load the module with `modprobe zfs`; the mode of the device is 0666 on a "
            "stock system",
        )
    if not facts.is_root:
        yield HostFinding(
            "not-root",
            NOTE,
            "this user is not root: Linux lets root alone mount, and other changes need a "
            "permission",
            "run as root, or let root grant what is needed with `zfs allow`",
            "man/man8/zfs-allow.8",
        )


def _programs(facts: HostFacts) -> Iterator[HostFinding]:
    shared = facts.datasets_where(_is_shared)
    if shared and facts.programs.get("exportfs") == "":
        yield HostFinding(
            "no-exportfs",
            FAULT,
            "sharenfs is set, and there is no exportfs: nobody can reach these over NFS",
            "install the NFS server; on Debian it is nfs-kernel-server",
            concerns=shared,
        )
    if facts.remote and facts.programs.get("ssh") == "":
        yield HostFinding(
            "no-ssh",
            FAULT,
            "datasets are replicated to another host, and there is no ssh",
            "install it; on Debian it is openssh-client",
        )
    if facts.pools and facts.programs.get("mount.zfs") == "":
        yield HostFinding(
            "no-zfs-command",
            ADVICE,
            "OpenZFS's own commands are missing: nothing imports pools and mounts datasets "
            "at boot, and .zfs/snapshot stays empty",
            "install them; on Debian they are zfsutils-linux",
        )
    if facts.pools and facts.services.get(ZED) is False:
        yield HostFinding(
            "no-zed",
            ADVICE,
            "zed, the daemon for events, does not run: no spare stands in for a failed "
            "disk, and nobody is told of one",
            "install and start it; on Debian it is zfs-zed",
            "man/man8/zed.8",
        )


def _swap(facts: HostFacts) -> Iterator[HostFinding]:
    volumes = tuple(
        path for path in facts.swaps if path.startswith(("/dev/zd", "/dev/zvol/"))
    )
    if volumes:
        yield HostFinding(
            "swap-on-volume",
            FAULT,
            "the kernel swaps to a volume: when memory is short, writing to it needs "
            "memory, and the machine hangs",
            "swap to a partition of its own",
            "https://github.com/openzfs/zfs/issues/7734",
            volumes,
        )


def _zones(facts: HostFacts) -> Iterator[HostFinding]:
    unknown = tuple(zone for zone, is_there in facts.zones.items() if not is_there)
    if unknown:
        yield HostFinding(
            "zone-unknown",
            FAULT,
            "policies count days in time zones that this system cannot load, so that "
            "nothing is pruned there",
            "install tzdata, or store the policy anew with --tz UTC",
            concerns=unknown,
        )
    elif not facts.has_zone_data:
        yield HostFinding(
            "no-zone-data",
            NOTE,
            "there is no time zone data: --tz takes UTC alone",
            "install tzdata",
        )


def _clock(facts: HostFacts) -> Iterator[HostFinding]:
    if facts.latest is not None and facts.now and facts.latest[1] > facts.now + _FUTURE_S:
        name, when = facts.latest
        yield HostFinding(
            "clock-behind",
            DANGER,
            f"the clock says {utc_minute(facts.now)}, and '{shown(name)}' changed at "
            f"{utc_minute(when)}: rules that go by time keep the wrong snapshots",
            "set the clock, and let a service keep it right",
            concerns=(name,),
        )
    if facts.services.get("clock") is False:
        yield HostFinding(
            "clock-alone",
            ADVICE,
            "nothing keeps the clock right: snapshots are dated by it, and kept by date",
            "run systemd-timesyncd, chrony or another client of NTP",
        )


def _is_shared(dataset: Dataset) -> bool:
    return dataset.kind == "filesystem" and (dataset.value("sharenfs") or "off") != "off"


def _bare(version: str) -> str:
    """Return the release in a version without the builder's own part: ``2.3.2``."""
    return version.removeprefix("zfs-").partition("-")[0]
