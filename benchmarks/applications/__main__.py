"""Measure real applications, and write a table of what they cost in bytes.

``make applications`` counts on a kernel's pool in a guest, ``make replayed`` in an image on
this host; docs/explanation/applications.md says what is counted. The names of
applications behind it (``sqlite postgres``) choose some of them; rows of earlier runs
stay in the table.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import mariadb
import postgres
import sqlite
from counted import SCALE, InPool, pool_on, run
from recorded import Recorded

import zfstune
from zfstune.engine.image import create_image
from zfstune.values.size import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from counted import Cost

RESULTS = Path(__file__).parents[1] / "results"
_APPLICATIONS = (sqlite, postgres, mariadb)
_IMAGE_BYTES = 4 << 30


def main() -> int:
    """Measure all of it: on the first disk of the lab or, with a folder, in an image."""
    replayed = sys.argv[1:2] == ["--replayed"]
    if not replayed and os.environ.get("ZFSTUNE_LAB") != "1":
        print("this destroys pools: run it with make applications", file=sys.stderr)
        return 2
    folder = sys.argv[2] if replayed else os.environ.get("ZFSTUNE_LAB_OUTPUT")
    found: list[Cost] = []
    with _in_image() if replayed else _in_lab() as place:
        for application in _chosen(sys.argv[3 if replayed else 1 :]):
            if application is mariadb and not mariadb.is_installed():
                print("MariaDB is not installed here, and left out", file=sys.stderr)
                continue
            for cost in application.costs(place):
                print(cost, flush=True)
                found.append(cost)
                if folder and SCALE == 1:
                    _save(found, Path(folder), replayed=replayed)
    print("\n".join(table(found)))
    return 0


def _chosen(names: list[str]) -> list[Any]:
    """Return the applications of these names, or all."""
    return [each for each in _APPLICATIONS if not names or each.__name__ in names]


def _save(found: list[Cost], folder: Path, *, replayed: bool) -> None:
    """Write what was found so far: a guest may end before all of it is done."""
    name = _file_name(replayed=replayed)
    lines = merged(_earlier(f"{name}.md"), table(found))
    text = "\n".join([*_preamble(replayed=replayed), "", *lines, ""])
    (folder / f"{name}.md").write_text(text, "utf-8")
    rows = json.dumps([asdict(cost) for cost in found], indent=1)
    (folder / f"{name}.json").write_text(f"{rows}\n", "utf-8")


def _file_name(*, replayed: bool) -> str:
    if replayed:
        return "applications-replayed"
    return f"applications-{os.environ.get('ZFSTUNE_LAB_RELEASE', 'unknown')}"


def _earlier(name: str) -> list[str]:
    """Return the table of an earlier run, if there was one."""
    file = RESULTS / name
    if not file.exists():
        return []
    return [line for line in file.read_text("utf-8").splitlines() if line.startswith("|")]


def merged(earlier: Iterable[str], now: Iterable[str]) -> list[str]:
    """Put the rows of a table in the place of those of an earlier one, new ones behind.

    A row is known by its application, record size and compression.
    """
    rows = {tuple(line.split("|")[1:4]): line for line in earlier}
    return list((rows | {tuple(line.split("|")[1:4]): line for line in now}).values())


@contextmanager
def _in_lab() -> Iterator[InPool]:
    with pool_on(os.environ["ZFSTUNE_LAB_DISKS"].split()[0]) as engine:
        yield InPool(engine)


@contextmanager
def _in_image() -> Iterator[Recorded]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL works as another user
        file = Path(folder, "image")
        with create_image(file, size_bytes=_IMAGE_BYTES) as engine:
            yield Recorded(engine, Path(folder))


def table(costs: list[Cost]) -> Iterator[str]:
    """Give the lines of a table, a row for each cost."""
    yield "| application | record size | compression | written | pinned | space |"
    yield "|---|---|---|---|---|---|"
    for cost in costs:
        size = format_size(cost.recordsize_bytes)
        written = cost.written_bytes / cost.transactions / 1024
        pinned = cost.pinned_bytes / cost.transactions / 1024
        space = cost.allocated_bytes / cost.logical_bytes
        cells = (
            cost.application,
            size,
            cost.compression,
            f"{written:.1f}K",
            f"{pinned:.1f}K",
        )
        yield f"| {' | '.join(cells)} | {space:.2f} |"


def _preamble(*, replayed: bool) -> list[str]:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    if replayed:
        title = "# Applications, recorded and replayed"
        made = f"`make replayed`, {today}, zfstune {zfstune.__version__}, sectors of 4K."
        left_out = (
            "a snapshot from before; and space over the length of the files. There is no"
        )
        last = "intent log. ../../docs/explanation/applications.md says what is counted."
    else:
        title = "# Applications"
        openzfs = run("zfs", "version").split()[0].removeprefix("zfs-")
        release = os.environ.get("ZFSTUNE_LAB_RELEASE", "unknown")
        made = f"`make applications RELEASE={release}`, {today}, OpenZFS {openzfs},"
        left_out = "a snapshot from before; and space over the length of the data."
        last = "../../docs/explanation/applications.md says what is counted."
    what = "Bytes a transaction: written by the devices, metadata included; pinned by"
    return [title, "", made, what, left_out, last]


if __name__ == "__main__":
    sys.exit(main())
