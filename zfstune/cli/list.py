"""``zfstune list``: datasets with their profiles, or snapshots."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_table, report
from zfstune.cli.which_zfs import open_zfs
from zfstune.engine.pools import datasets_below
from zfstune.values.errors import Damaged, NotFound
from zfstune.values.marks import PROFILE_PROPERTY, SNAPSHOT_PROPERTY
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.names import pool_of
from zfstune.values.size import format_size
from zfstune.values.text import shown, utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, Snapshot

    # What the table and the JSON document have of a dataset or a snapshot.
    _Row = dict[str, str | int | None]


__all__ = ["add_arguments"]

_DATASET_COLUMNS = {
    "NAME": "name",
    "PROFILE": "profile",
    "RECORDSIZE": "recordsize_bytes",
    "COMPRESSION": "compression",
    "USED": "used_bytes",
    "AVAIL": "available_bytes",
    "MOUNTPOINT": "mountpoint",
}
_SNAPSHOT_COLUMNS = {
    "NAME": "name",
    "CREATED": "creation",
    "USED": "used_bytes",
    "REFER": "referenced_bytes",
    "HOLDS": "holds",
    "MADE BY": "made_by",
}
# What datasets and snapshots have in common.
_COMMON_COLUMNS = {
    "NAME": "name",
    "TYPE": "type",
    "PROFILE": "profile",
    "USED": "used_bytes",
    "REFER": "referenced_bytes",
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
_SIZE = "_bytes"


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
    rows: list[_Row] = []
    snapshots: list[_Row] = []
    with open_zfs(args) as engine:
        datasets = list(datasets_below(engine, args.datasets).values())
        if args.type & _DATASETS:
            # What a receive that was cut off left may be of no kind: it is never hidden.
            chosen = [
                d
                for d in datasets
                if d.damaged or d.kind in args.type or d.kind not in _DATASETS
            ]
            rows = _dataset_rows(engine, chosen)
            unread = {d.name: d.damaged for d in chosen if d.damaged}
        if _SNAPSHOT in args.type:
            snapshots, faults = _snapshot_rows(engine, datasets)
            unread |= faults
    _show(args, rows, snapshots)
    for name, reason in unread.items():
        report(Damaged(operation="read", target=name, reason=reason))
    return exit_status.PARTLY if unread else exit_status.DONE


def _show(
    args: argparse.Namespace,
    datasets: list[_Row],
    snapshots: list[_Row],
) -> None:
    if args.json:
        print_json(
            {
                "datasets": datasets if args.type & _DATASETS else None,
                "snapshots": list(map(_as_json, snapshots))
                if _SNAPSHOT in args.type
                else None,
            }
        )
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


def _mixed(datasets: list[_Row], snapshots: list[_Row]) -> list[_Row]:
    """Put the snapshots of each dataset behind it, in the columns that both have."""
    below: dict[str, list[_Row]] = {}
    for row in snapshots:
        dataset = str(row["name"]).partition("@")[0]
        below.setdefault(dataset, []).append({**row, "type": _SNAPSHOT, "profile": None})
    mixed: list[_Row] = []
    for row in datasets:
        mixed += [row, *below.pop(str(row["name"]), ())]
    return mixed + [row for rows in below.values() for row in rows]


def _dataset_rows(engine: Engine, datasets: list[Dataset]) -> list[_Row]:
    altroots: dict[str, str] = {}
    rows: list[_Row] = []
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
                "recordsize_bytes": _number(
                    dataset.value("recordsize") or dataset.value("volblocksize")
                ),
                "compression": dataset.value("compression"),
                "used_bytes": _number(dataset.value("used")),
                "available_bytes": _number(dataset.value("available")),
                "referenced_bytes": _number(dataset.value("referenced")),
                "mountpoint": path or dataset.value("mountpoint"),
                "damaged": None,
            }
        )
    return rows


def _damaged_row(dataset: Dataset) -> _Row:
    unknown: _Row = dict.fromkeys((*_DATASET_COLUMNS.values(), "referenced_bytes"))
    return {**unknown, "name": dataset.name, "type": None, "damaged": dataset.damaged}


def _snapshot_rows(
    engine: Engine, datasets: list[Dataset]
) -> tuple[list[_Row], dict[str, str]]:
    """Return the rows, and by dataset the reason why its snapshots are unreadable."""
    rows: list[_Row] = []
    unread: dict[str, str] = {}
    for dataset in datasets:
        try:
            listed = engine.snapshots(dataset.name, properties=True)
        except Damaged as error:
            unread[dataset.name] = error.reason
        except NotFound:  # it was destroyed meanwhile
            continue
        else:
            rows += map(_snapshot_row, listed)
    return rows, unread


def _snapshot_row(snapshot: Snapshot) -> _Row:
    own = snapshot.local(SNAPSHOT_PROPERTY) is not None
    return {
        "name": snapshot.name,
        "guid": str(snapshot.guid),
        "createtxg": str(snapshot.createtxg),
        "creation": _number(snapshot.value("creation")),
        "used_bytes": _number(snapshot.value("used")),
        "referenced_bytes": _number(snapshot.value("referenced")),
        "holds": _number(snapshot.value("userrefs")),
        "made_by": "zfstune" if own else None,
    }


def _cells(row: _Row, columns: Any, *, exact: bool) -> list[str]:
    return [_cell(name, row[name], exact=exact) for name in columns]


def _number(text: str | None) -> int | None:
    """Read a number of ZFS; None where the value is none."""
    return int(text) if text is not None and text.isdecimal() else None


def _as_json(row: _Row) -> dict[str, object]:
    """Return a row as JSON has it, with its time as text."""
    creation = row["creation"]
    return {
        **row,
        "creation": utc_instant(creation if isinstance(creation, int) else None),
    }


def _cell(name: str, value: str | int | None, *, exact: bool) -> str:
    if value is None:
        return "-"
    if exact or isinstance(value, str):
        return str(value)
    if name.endswith(_SIZE):
        return format_size(value, exact=name == "recordsize_bytes")
    if name == "creation":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return str(value)
