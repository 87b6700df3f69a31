"""The lines that ``zpool history`` shows, in the form of a command.

zfstune's own bookkeeping properties are left out: ``zpool history -i`` has them.
"""

from __future__ import annotations

from zfstune.values.marks import OWN_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "bookmark_line",
    "create_line",
    "holds_line",
    "receive_line",
    "set_line",
    "targets_line",
]

# The kernel takes a line below HIS_MAX_RECORD_LEN (128 KiB, include/sys/fs/zfs.h), which
# is more than anybody reads.
_MOST_CHARACTERS = 4000


def create_line(verb: str, properties: Mapping[str, str], name: str) -> str:
    """Return the line of a create or clone."""
    options = "".join(f"-o {pair} " for pair in _pairs(properties))
    return _cut(f"zfstune {verb} {options}{name}")


def set_line(properties: Mapping[str, str], name: str) -> str:
    """Return the line of a set."""
    return _cut(" ".join(["zfstune set", *_pairs(properties), name]))


def receive_line(
    properties: Mapping[str, str], excluded: Iterable[str], snapshot: str
) -> str:
    """Return the line of a receive."""
    options = "".join(f"-x {name} " for name in excluded if not name.startswith(OWN_PREFIX))
    return create_line("receive", properties, f"{options}{snapshot}")


def bookmark_line(sources: Mapping[str, str]) -> str:
    """Return the line of a call that makes bookmarks: each source, then its bookmark."""
    words = [word for bookmark, source in sources.items() for word in (source, bookmark)]
    return _cut(" ".join(["zfstune bookmark", *words]))


def holds_line(operation: str, tags: Mapping[str, Iterable[str]]) -> str:
    """Return the line of a call on holds: each tag, then its snapshots.

    Args:
        operation: The verb.
        tags: Each snapshot and its tags.
    """
    by_tag: dict[str, list[str]] = {}
    for snapshot, its_tags in tags.items():
        for tag in its_tags:
            by_tag.setdefault(tag, []).append(snapshot)
    words = [word for tag, names in by_tag.items() for word in (tag, *_targets(names))]
    return _cut(" ".join([f"zfstune {operation}", *words]))


def targets_line(operation: str, targets: Iterable[str]) -> str:
    """Return the line of a call on many snapshots: ``tank/a@x,y tank/b@z``.

    Args:
        operation: The operation; the line has its first word, which is the verb.
        targets: Snapshots or bookmarks.
    """
    return _cut(" ".join([f"zfstune {operation.partition(' ')[0]}", *_targets(targets)]))


def _targets(targets: Iterable[str]) -> list[str]:
    """Return the targets of a call as words, those of a dataset in one."""
    by_dataset: dict[str, list[str]] = {}
    for target in targets:
        mark = "#" if "#" in target else "@"
        dataset, _, short = target.partition(mark)
        by_dataset.setdefault(dataset + mark, []).append(short)
    return [dataset + ",".join(shorts) for dataset, shorts in by_dataset.items()]


def _pairs(properties: Mapping[str, str]) -> list[str]:
    return [
        f"{name}={value}"
        for name, value in properties.items()
        if not name.startswith(OWN_PREFIX)
    ]


def _cut(line: str) -> str:
    if not line.isprintable():  # a newline in a value would begin a line of its own
        line = line.encode("unicode_escape", "replace").decode("ascii")
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 4] + " ..."
