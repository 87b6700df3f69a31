"""``zfstune list``: datasets with their profiles, or snapshots."""

from __future__ import annotations

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
        choices=("datasets", "snapshots"),
        default="datasets",
        help="what to list (default: datasets)",
    )
    add_scripted(parser)
    parser.add_argument(
        "-p", action="store_true", help="exact numbers: bytes, seconds since 1970"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    snapshots = args.type == "snapshots"
    columns = _SNAPSHOT_COLUMNS if snapshots else _DATASET_COLUMNS
    with open_zfs(args) as engine:
        datasets = list(datasets_below(engine, args.datasets).values())
        if snapshots:
            rows, unread = _snapshot_rows(engine, datasets)
        else:
            rows = _dataset_rows(engine, datasets)
            unread = {d.name: d.damaged for d in datasets if d.damaged}
    _show(args, columns, rows)
    for name, reason in unread.items():
        warn(f"cannot read '{name}': {reason}")
    return exit_status.PARTLY if unread else exit_status.DONE


def _show(
    args: argparse.Namespace, columns: dict[str, str], rows: list[dict[str, str | None]]
) -> None:
    if args.json:
        print_json({args.type: rows})
        return
    shown = [_cells(row, columns.values(), exact=args.p) for row in rows]
    right = "llrlrrl" if columns is _DATASET_COLUMNS else "llrrr"
    print_table(list(columns), shown, scripted=args.scripted, right=right)


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
                "mountpoint": path or dataset.value("mountpoint"),
                "damaged": None,
            }
        )
    return rows


def _damaged_row(dataset: Dataset) -> dict[str, str | None]:
    unknown = dict.fromkeys(_DATASET_COLUMNS.values())
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
