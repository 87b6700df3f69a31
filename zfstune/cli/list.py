"""``zfstune list``: datasets with their profiles, or snapshots."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_table, warn
from zfstune.cli.which_zfs import open_zfs
from zfstune.engine.pools import datasets_below
from zfstune.values.errors import Damaged
from zfstune.values.marks import PROFILE_PROPERTY, SNAPSHOT_PROPERTY
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.names import pool_of
from zfstune.values.size import format_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, Snapshot


__all__ = ["add_arguments"]

_DATASET_COLUMNS = {
    "NAME": "name",
    "PROFILE": "profile",
    "RECORDSIZE": "recordsize",
    "COMPRESSION": "compression",
    "USED": "used",
    "AVAIL": "available",
    "MOUNTPOINT": "mountpoint",
}
_SNAPSHOT_COLUMNS = {
    "NAME": "name",
    "CREATED": "creation",
    "USED": "used",
    "REFER": "referenced",
    "HOLDS": "userrefs",
    "MADE BY": "made_by",
}
# What datasets and snapshots have in common.
_COMMON_COLUMNS = {
    "NAME": "name",
    "TYPE": "type",
    "PROFILE": "profile",
    "USED": "used",
    "REFER": "referenced",
}
_SNAPSHOT = "snapshot"
_DATASETS = frozenset({"filesystem", "volume"})
_TYPES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("dataset", "datasets"), _DATASETS),
    **dict.fromkeys(("filesystem", "filesystems", "fs"), frozenset({"filesystem"})),
    **dict.fromkeys(("volume", "volumes", "vol"), frozenset({"volume"})),
    **dict.fromkeys(("snapshot", "snapshots", "snap"), frozenset({_SNAPSHOT})),
    "all": _DATASETS | {_SNAPSHOT},
}
_SIZES = ("recordsize", "used", "available", "referenced")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = "List datasets with the profile that manages them, or snapshots."
    parser.add_argument(
        "datasets", nargs="*", metavar="DATASET", help="these and all below (default: all)"
    )
    parser.add_argument(
        "-t",
        "--type",
        type=_types,
        default=_DATASETS,
        metavar="TYPE",
        help="filesystem, volume, snapshot or all, or several with commas, as the zfs "
        "command has it; dataset stands for the first two (default: dataset)",
    )
    add_scripted(parser)
    parser.add_argument(
        "-p", action="store_true", help="exact numbers: bytes, seconds since 1970"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    unread: dict[str, str] = {}
    rows: list[dict[str, str | None]] = []
    snapshots: list[dict[str, str | None]] = []
    with open_zfs(args) as engine:
        datasets = list(datasets_below(engine, args.datasets).values())
        if args.type & _DATASETS:
            chosen = [d for d in datasets if d.damaged or d.kind in args.type]
            rows = _dataset_rows(engine, chosen)
            unread = {d.name: d.damaged for d in chosen if d.damaged}
        if _SNAPSHOT in args.type:
            snapshots, faults = _snapshot_rows(engine, datasets)
            unread |= faults
    _show(args, rows, snapshots)
    for name, reason in unread.items():
        warn(f"cannot read '{name}': {reason}")
    return exit_status.PARTLY if unread else exit_status.DONE


def _show(
    args: argparse.Namespace,
    datasets: list[dict[str, str | None]],
    snapshots: list[dict[str, str | None]],
) -> None:
    if args.json:
        found = {"datasets": datasets} if args.type & _DATASETS else {}
        print_json(found | ({"snapshots": snapshots} if _SNAPSHOT in args.type else {}))
        return
    columns, rows = _DATASET_COLUMNS, datasets
    if _SNAPSHOT in args.type:
        columns, rows = _SNAPSHOT_COLUMNS, snapshots
        if args.type & _DATASETS:
            columns, rows = _COMMON_COLUMNS, _mixed(datasets, snapshots)
    cells = [_cells(row, columns.values(), exact=args.p) for row in rows]
    right = {"RECORDSIZE": "llrlrrl", "HOLDS": "llrrr", "TYPE": "lllrr"}
    [sides] = [side for column, side in right.items() if column in columns]
    print_table(list(columns), cells, scripted=args.scripted, right=sides)


def _types(text: str) -> frozenset[str]:
    """Read the types to list, as the zfs command and earlier releases spell them.

    Raises:
        ArgumentTypeError: There is no such type.
    """
    found: set[str] = set()
    for word in text.split(","):
        if word not in _TYPES:
            raise ArgumentTypeError(
                f"there is no type '{shown(word)}': "
                "use filesystem, volume, snapshot, dataset or all"
            )
        found |= _TYPES[word]
    return frozenset(found)


def _mixed(
    datasets: list[dict[str, str | None]], snapshots: list[dict[str, str | None]]
) -> list[dict[str, str | None]]:
    """Put the snapshots of each dataset behind it, in the columns that both have."""
    below: dict[str, list[dict[str, str | None]]] = {}
    for row in snapshots:
        dataset = str(row["name"]).partition("@")[0]
        below.setdefault(dataset, []).append({**row, "type": _SNAPSHOT, "profile": None})
    mixed: list[dict[str, str | None]] = []
    for row in datasets:
        mixed += [row, *below.pop(str(row["name"]), ())]
    return mixed + [row for rows in below.values() for row in rows]


def _dataset_rows(engine: Engine, datasets: list[Dataset]) -> list[dict[str, str | None]]:
    altroots: dict[str, str] = {}
    rows = []
    for dataset in datasets:
        if dataset.damaged:
            rows.append(_damaged_row(dataset))
            continue
        pool = pool_of(dataset.name)
        if pool not in altroots:
            altroots[pool] = engine.pool(pool).altroot
        path = effective_mountpoint(dataset, altroots[pool])
        rows.append(
            {
                "name": dataset.name,
                "type": dataset.kind,
                "profile": dataset.local(PROFILE_PROPERTY),
                "recordsize": dataset.value("recordsize") or dataset.value("volblocksize"),
                "compression": dataset.value("compression"),
                "used": dataset.value("used"),
                "available": dataset.value("available"),
                "referenced": dataset.value("referenced"),
                "mountpoint": path or dataset.value("mountpoint"),
                "damaged": None,
            }
        )
    return rows


def _damaged_row(dataset: Dataset) -> dict[str, str | None]:
    unknown = dict.fromkeys((*_DATASET_COLUMNS.values(), "referenced"))
    return {**unknown, "name": dataset.name, "type": None, "damaged": dataset.damaged}


def _snapshot_rows(
    engine: Engine, datasets: list[Dataset]
) -> tuple[list[dict[str, str | None]], dict[str, str]]:
    """Return the rows, and by dataset the reason why its snapshots are unreadable."""
    rows: list[dict[str, str | None]] = []
    unread: dict[str, str] = {}
    for dataset in datasets:
        try:
            listed = engine.snapshots(dataset.name, properties=True)
        except Damaged as error:
            unread[dataset.name] = error.reason
        else:
            rows += map(_snapshot_row, listed)
    return rows, unread


def _snapshot_row(snapshot: Snapshot) -> dict[str, str | None]:
    own = snapshot.local(SNAPSHOT_PROPERTY) is not None
    return {
        "name": snapshot.name,
        "guid": str(snapshot.guid),
        "createtxg": str(snapshot.createtxg),
        "creation": snapshot.value("creation"),
        "used": snapshot.value("used"),
        "referenced": snapshot.value("referenced"),
        "userrefs": snapshot.value("userrefs"),
        "made_by": "zfstune" if own else None,
    }


def _cells(row: dict[str, str | None], columns: Any, *, exact: bool) -> list[str]:
    return [_cell(name, row[name], exact=exact) for name in columns]


def _cell(name: str, value: str | None, *, exact: bool) -> str:
    if value is None:
        return "-"
    if exact or not value.isdigit():
        return value
    if name in _SIZES:
        return format_size(int(value), exact=name == "recordsize")
    if name == "creation":
        return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return value
