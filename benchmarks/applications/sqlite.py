"""SQLite, through Python's own module: pages of 4K, a write-ahead log, waits for each."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from random import Random
from typing import TYPE_CHECKING

from counted import run, scaled
from postgres import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from counted import Cost, InPool
    from recorded import Recorded

ROWS = 20_000
TRANSACTIONS = 80


def costs(place: InPool | Recorded) -> Iterator[Cost]:
    """Give the cost at each record size and compression."""
    with place.dataset("first", recordsize="128K", compression="lz4") as first:
        made = first / "app.db"
        _fill(made)
        for properties in place.candidates:
            with place.dataset("data", **properties) as data:
                file = data / "app.db"
                run("cp", "--reflink=never", made, file)
                yield from _measured(place, file)


def _open(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA page_size = 4096")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    return database


def _row(number: int, random: Random) -> tuple[str, str, str]:
    """Make a message: a key, who wrote it, and some lines of text."""
    key = hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()
    return key, f"user{random.randrange(500)}", " ".join(random.choices(WORDS, k=60))


def _fill(file: Path) -> None:
    random = Random(1)  # noqa: S311 (no secret)
    database = _open(file)
    database.execute(
        "CREATE TABLE messages (key TEXT PRIMARY KEY, author TEXT, text TEXT) WITHOUT ROWID"
    )
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO messages VALUES (?, ?, ?)",
        (_row(number, random) for number in range(scaled(ROWS))),
    )
    database.execute("CREATE INDEX authors ON messages (author)")
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _measured(place: InPool | Recorded, file: Path) -> Iterator[Cost]:
    database = _open(file)
    rows = scaled(ROWS)

    def work(transactions: int, seed: int) -> None:
        random = Random(seed)  # noqa: S311 (no secret)
        for _ in range(transactions):
            key, author, text = _row(random.randrange(rows), random)
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "UPDATE messages SET author = ?, text = ? WHERE key = ?",
                (author, text, key),
            )
            database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    try:
        name = "SQLite, messages"
        own = [os.getpid()]
        yield from place.count(name, scaled(TRANSACTIONS), work, lambda: own, file)
    finally:
        database.close()
