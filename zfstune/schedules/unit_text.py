"""systemd's units for a dataset's schedule, as text.

A dataset has four files: a timer and a service that take snapshots, and a timer and a
service that prune; and another two where it is replicated. The services may open /dev/zfs
with CAP_SYS_ADMIN, as ZFS requires, and write their notes; the rest of the system is
read-only to them, and they have no network, except for the one that replicates to another
host. Each file begins with a line that names its dataset, and only files with such a
line are ever overwritten or removed.
"""

from __future__ import annotations

from zfstune.schedules.instants import is_checked, timer_calendars
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from zfstune.schedules.cadence import Cadence

__all__ = [
    "JOBS",
    "PREFIX",
    "WANTS",
    "Unit",
    "check_hook",
    "escape",
    "hook_of",
    "owner_of",
    "timers_for",
    "units_for",
]

PREFIX = "zfstune-"
JOBS = ("snapshot", "replicate", "prune")
# Where `systemctl enable` puts the link that makes a timer start at boot.
WANTS = "timers.target.wants"

_MARK = "# zfstune schedule: "
_NOTE = (
    "# Written by `zfstune schedule install`, which overwrites it: put changes of\n"
    "# your own into a drop-in (systemctl edit NAME).\n"
)
_WORDS = {
    "snapshot": "Take snapshots of",
    "replicate": "Replicate",
    "prune": "Prune the snapshots of",
}
_MOST_BYTES = 200  # of an escaped name: systemd's UNIT_NAME_MAX is 256
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")

# These settings take from a service all rights that it does not need. ProcSubset=pid is
# missing since the state of pools is read from /proc/spl/kstat/zfs, and PrivateDevices=
# since it hides /dev/zfs.
_CONFINED = """\
CapabilityBoundingSet=CAP_SYS_ADMIN
DeviceAllow=/dev/zfs rw
DevicePolicy=closed
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateMounts=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
"""
_NO_NETWORK = """\
IPAddressDeny=any
PrivateNetwork=yes
RestrictAddressFamilies=none
"""
# ssh speaks to the other host, to the agent with its keys, and to what resolves names.
_NETWORK = "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n"


@frozen
class Unit:
    """One file for systemd.

    Attributes:
        name: The file's name, as in ``zfstune-snapshot-tank-data.timer``.
        text: Its contents.
    """

    name: str
    text: str

    @property
    def enabled(self) -> bool:
        """Whether it starts at boot: timers do, and they start the services."""
        return self.name.endswith(".timer")


def units_for(
    dataset: str,
    cadence: Cadence,
    zone: tzinfo,
    command: Iterable[str],
    *,
    prunes: bool,
    replicates_to: Iterable[str] = (),
    on_failure: str = "",
) -> tuple[Unit, ...]:
    """Write the units of one dataset.

    Args:
        dataset: Its full name.
        cadence: How often snapshots are taken.
        zone: The zone that the cadence's times are meant in.
        command: The program with its first arguments, as it is to be started.
        prunes: Whether to prune at all, which a policy that lets nothing go has no need
            of.
        replicates_to: The targets of replication; one with a colon may be on another
            host.
        on_failure: A unit to start when a run fails.

    Raises:
        InvalidValue: `on_failure` is no unit's name.
    """
    units = []
    timers = timers_for(dataset, cadence, zone)
    targets = tuple(replicates_to)
    wanted = {"snapshot": True, "replicate": bool(targets), "prune": prunes}
    for job in [job for job in JOBS if wanted[job]]:
        when = cadence.when(job)
        checked = ("--if-due",) if is_checked(when, zone) else ()
        argv = (*command, "schedule", "run", "--once", job, *checked, dataset)
        after, network = ["zfs.target"], False
        if job == "replicate":  # a snapshot that is being taken is to be sent as well
            after.append(f"{_stem('snapshot', dataset)}.service")
            network = any(":" in target for target in targets)
        service = _service(
            dataset, _description(job, dataset), argv, after, on_failure, network=network
        )
        units += [Unit(f"{_stem(job, dataset)}.service", service), timers[job]]
    return tuple(units)


def timers_for(dataset: str, cadence: Cadence, zone: tzinfo) -> dict[str, Unit]:
    """Write the timers of one dataset, by job."""
    return {
        job: Unit(
            f"{_stem(job, dataset)}.timer",
            _timer(dataset, _description(job, dataset), cadence.when(job), zone),
        )
        for job in JOBS
    }


def _stem(job: str, dataset: str) -> str:
    return f"{PREFIX}{job}-{escape(dataset)}"


def _description(job: str, dataset: str) -> str:
    return f"{_WORDS[job]} {_percent(dataset)}"


def escape(name: str) -> str:
    """Write a dataset's name as part of a unit's name, as systemd-escape does.

    A name that would get too long is cut, and ends in a digest of the whole name.
    """
    data = name.encode("utf-8", "surrogateescape")
    text = "".join(
        "-"
        if byte == ord("/")
        else chr(byte)
        if chr(byte) in _PLAIN and not (position == 0 and byte == ord("."))
        else f"\\x{byte:02x}"
        for position, byte in enumerate(data)
    )
    if len(text) <= _MOST_BYTES:
        return text
    from hashlib import sha256  # noqa: PLC0415 (loads OpenSSL; hardly a name is so long)

    return f"{text[:_MOST_BYTES].rpartition('-')[0]}-{sha256(data).hexdigest()[:16]}"


def owner_of(text: str) -> str | None:
    """Read the dataset that a unit was written for; None: zfstune did not write it."""
    first, _, _ = text.partition("\n")
    return first.removeprefix(_MARK) if first.startswith(_MARK) else None


def hook_of(text: str) -> str:
    """Read the unit that a service starts when it fails; empty: none."""
    lines = (line.partition("=") for line in text.splitlines())
    return next((value for key, _, value in lines if key == "OnFailure"), "")


def check_hook(name: str) -> str:
    """Check the name of a unit to start on a failure; it may hold specifiers (``%n``).

    Raises:
        InvalidValue: It is no name of a service or target.
    """
    stem, dot, kind = name.rpartition(".")
    plain = _PLAIN | frozenset("-@%\\")
    if not dot or kind not in ("service", "target") or not stem or set(stem) - plain:
        raise InvalidValue(
            f"cannot use '{shown(name)}' on a failure: it names no service or target",
            hint="give the name of a unit, as in alert@%n.service",
        )
    return name


def _service(
    dataset: str,
    description: str,
    argv: Iterable[str],
    after: list[str],
    on_failure: str,
    *,
    network: bool,
) -> str:
    wants = ""
    if network:
        after = [*after, "network-online.target"]
        wants = "Wants=network-online.target\n"
    settings = _CONFINED + (_NETWORK if network else _NO_NETWORK)
    confined = "".join(sorted(settings.splitlines(keepends=True)))
    hook = f"OnFailure={check_hook(on_failure)}\n" if on_failure else ""
    return (
        f"{_MARK}{dataset}\n{_NOTE}\n"
        f"[Unit]\nDescription={description}\n{wants}After={' '.join(after)}\n{hook}\n"
        f"[Service]\nType=oneshot\nExecStart={' '.join(map(_word, argv))}\n"
        f"StateDirectory=zfstune\nCacheDirectory=zfstune\n{confined}"
    )


def _timer(dataset: str, description: str, when: Cadence, zone: tzinfo) -> str:
    lines = "".join(f"OnCalendar={line}\n" for line in timer_calendars(when, zone))
    return (
        f"{_MARK}{dataset}\n{_NOTE}\n"
        f"[Unit]\nDescription={description}, {when} {_percent(str(zone))}\n\n"
        f"[Timer]\n{lines}Persistent=yes\n"
        f"RandomizedDelaySec={when.delay_seconds}\nFixedRandomDelay=yes\nAccuracySec=1s\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _word(word: str) -> str:
    """Quote a word of a command line for systemd, which expands % and $ in it."""
    word = _percent(word).replace("$", "$$")
    if word and not set(word) - _PLAIN - frozenset("-/@=+,%$"):
        return word
    inside = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def _percent(text: str) -> str:
    return text.replace("%", "%%")
