"""The zfs commands that a side makes on a host that has nothing else.

A stream is made as the engine makes it, with large blocks and as they lie on disk
(``-L -c``), so that it makes no difference which of the two sends.
"""

from __future__ import annotations

from zfstune.streams.arrival import TRAVELLING
from zfstune.streams.remote.requests import check_token
from zfstune.streams.remote.zfs_output import LISTED, PROPERTIES, SNAPSHOT_PROPERTIES
from zfstune.values.marks import REPLICA_PROPERTY, SNAPSHOT_PROPERTY
from zfstune.values.names import check_bookmark, check_dataset, check_snapshot
from zfstune.values.properties import is_user
from zfstune.values.replication_marks import target_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "abort_words",
    "bookmark_words",
    "change_words",
    "content_words",
    "create_words",
    "listing_words",
    "mark_words",
    "note_words",
    "notes_words",
    "own_words",
    "properties_words",
    "receive_words",
    "rename_words",
    "resume_words",
    "send_words",
    "snapshot_words",
    "value_words",
]

_COLUMNS = "name,property,value,source"


def properties_words(
    name: str, *, snapshots: bool = False, recursive: bool = False
) -> list[str]:
    """Return the command that reads datasets, or a dataset's snapshots."""
    check = check_snapshot if "@" in name else check_dataset
    kinds = "snapshot" if snapshots else "filesystem,volume"
    wanted = SNAPSHOT_PROPERTIES if snapshots else PROPERTIES
    depth = ["-r"] if recursive else ["-d", "1" if snapshots and "@" not in name else "0"]
    words = ["zfs", "get", "-Hp", "-o", _COLUMNS, *depth, "-t", kinds, ",".join(wanted)]
    return [*words, check(name)]


def listing_words(name: str, kinds: str, *, recursive: bool = False) -> list[str]:
    """Return the command that lists the snapshots and bookmarks of a dataset."""
    depth = ["-r"] if recursive else ["-d", "1"]
    words = ["zfs", "list", "-Hp", *depth, "-t", kinds, "-o", ",".join(LISTED)]
    return [*words, check_dataset(name)]


def notes_words(name: str, *, recursive: bool = False) -> list[str]:
    """Return the command that reads all that was set on datasets, notes among it."""
    depth = ["-r"] if recursive else ["-d", "0"]
    words = ["zfs", "get", "-Hp", "-o", _COLUMNS, *depth, "-t", "filesystem,volume"]
    return [*words, "-s", "local", "all", check_dataset(name)]


def own_words(
    name: str, *, recursive: bool = False, also: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Return the commands that read the properties which a copy may take.

    The first is about native ones, the second about all that was set: a value there may
    have any line in it, and a line of the first cannot be another user's.
    """
    depth = ["-r"] if recursive else ["-d", "0"]
    words = ["zfs", "get", "-Hp", "-o", _COLUMNS, *depth, "-t", "filesystem,volume"]
    words += ["-s", "local,received"]
    native = sorted({*TRAVELLING, *(prop for prop in also if not is_user(prop))})
    checked = check_dataset(name)
    return [*words, ",".join(native), checked], [*words, "all", checked]


def change_words(
    name: str, values: Mapping[str, str], inherited: Iterable[str]
) -> list[list[str]]:
    """Return the commands that inherit properties, and set others at once."""
    checked = check_dataset(name)
    commands = [["zfs", "inherit", prop, checked] for prop in inherited]
    if values:
        pairs = [f"{prop}={value}" for prop, value in values.items()]
        commands.append(["zfs", "set", *pairs, checked])
    return commands


def snapshot_words(names: Iterable[str]) -> list[str]:
    """Return the command that takes snapshots at one instant, marked as zfstune's."""
    checked = [check_snapshot(name, creating=True) for name in names]
    return ["zfs", "snapshot", "-o", f"{SNAPSHOT_PROPERTY}=auto", *checked]


def rename_words(name: str, new: str) -> list[str]:
    """Return the command that renames a dataset."""
    return ["zfs", "rename", check_dataset(name), check_dataset(new, creating=True)]


def create_words(name: str, properties: Mapping[str, str]) -> list[str]:
    """Return the command that makes a filesystem."""
    chosen = [word for pair in properties.items() for word in ("-o", "=".join(pair))]
    return ["zfs", "create", *chosen, check_dataset(name, creating=True)]


def mark_words(name: str, mark: str) -> list[str]:
    """Return the command that gives a target a mark, or takes its mark away."""
    checked = check_dataset(name)
    if not mark:
        return ["zfs", "inherit", REPLICA_PROPERTY, checked]
    return ["zfs", "set", f"{REPLICA_PROPERTY}={mark}", checked]


def note_words(name: str, identity: int, place: str) -> list[str]:
    """Return the command that notes on a source where a target is."""
    return ["zfs", "set", f"{target_property(identity)}={place}", check_dataset(name)]


def content_words(snapshot: str, *, raw: bool) -> list[str]:
    """Return the command that sends a snapshot whole, so that its content can be read."""
    return ["zfs", "send", "-w" if raw else "-L", check_snapshot(snapshot)]


def value_words(prop: str, name: str) -> list[str]:
    """Return the command that reads one property."""
    check = check_snapshot if "@" in name else check_dataset
    return ["zfs", "get", "-Hp", "-o", "value", prop, check(name)]


def send_words(snapshot: str, base: str, *, raw: bool, estimate: bool = False) -> list[str]:
    """Return the command that sends a snapshot, or estimates its stream.

    Args:
        snapshot: The snapshot.
        base: A snapshot or a bookmark; empty: send it in full.
        raw: Whether encrypted blocks are sent as they are; a dataset without encryption
            is sent as it is in any case.
        estimate: Send nothing.
    """
    flags = ["-n", "-P"] if estimate else []
    flags += ["-w"] if raw else ["-L", "-c"]
    if base:
        check = check_bookmark if "#" in base else check_snapshot
        flags += ["-i", check(base)]
    return ["zfs", "send", *flags, check_snapshot(snapshot)]


def resume_words(token: str) -> list[str]:
    """Return the command that sends the rest of the stream of a token."""
    return ["zfs", "send", "-t", check_token(token)]


def receive_words(
    snapshot: str, origin: str, properties: Mapping[str, str] | None
) -> list[str]:
    """Return the command that receives a stream, mounts nothing, and forces nothing."""
    words = ["zfs", "receive", "-s", "-u"]
    if origin:
        words += ["-o", f"origin={check_snapshot(origin)}"]
    for name, value in (properties or {}).items():
        words += ["-o", f"{name}={value}"]
    return [*words, check_snapshot(snapshot)]


def abort_words(name: str) -> list[str]:
    """Return the command that gives up the part of a stream."""
    return ["zfs", "receive", "-A", check_dataset(name)]


def bookmark_words(
    make: Mapping[str, str], drop: Iterable[str]
) -> list[tuple[str, list[str]]]:
    """Return the commands that make bookmarks and then destroy others, by bookmark."""
    made = [
        (new, ["zfs", "bookmark", _source(source), check_bookmark(new)])
        for new, source in make.items()
    ]
    dropped = [(name, ["zfs", "destroy", check_bookmark(name)]) for name in drop]
    return made + dropped


def _source(name: str) -> str:
    return check_bookmark(name) if "#" in name else check_snapshot(name)
