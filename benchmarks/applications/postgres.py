"""PostgreSQL itself: pgbench's own tables, and wide rows as applications have them."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from counted import run, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from counted import Cost, InPool
    from recorded import Recorded

USER = "postgres"
PGBENCH_SCALE = 2  # 200,000 accounts, about 30 MB
TRANSACTIONS = 80
ORDERS = 8_000
# What ZFS makes unnecessary is off, as the profile says, and so is work that comes by
# the clock, which would make no two runs alike.
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
shared_buffers = 16MB
full_page_writes = off
wal_init_zero = off
wal_recycle = off
autovacuum = off
checkpoint_timeout = 1d
max_wal_size = 4GB
jit = off
"""
# A shop's orders: uuid keys, a document with words, numbers and addresses, an index of
# each kind. What md5() gives is as good as random to a compressor, as keys are.
_WORDS = (
    "returned delivered pending express standard parcel gift invoice customer warehouse "
    "address street avenue blue green large small cotton steel ceramic kitchen garden "
    "office winter summer children training repair exchange voucher discount member"
)
WORDS = _WORDS.split()
ORDERS_SQL = """
CREATE TABLE words AS
    SELECT number, word FROM unnest('{{{words}}}'::text[]) WITH ORDINALITY u (word, number);
CREATE FUNCTION prose(seed text, many int) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(word, ' ' ORDER BY place)
    FROM generate_series(1, many) place
    JOIN words ON number = 1 + ('x' || substr(md5(seed || place), 1, 6))::bit(24)::int
        % {count}
$$;
CREATE FUNCTION document(seed text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'customer', md5('c' || seed)::uuid, 'note', prose(seed, 24),
        'address', jsonb_build_object('street', prose(seed || 's', 3),
            'number', length(seed), 'postcode', substr(md5(seed), 1, 6)),
        'lines', jsonb_build_array(
            jsonb_build_object('sku', substr(md5(seed || 1), 1, 12), 'text',
                prose(seed || 1, 8), 'cents', 1999),
            jsonb_build_object('sku', substr(md5(seed || 2), 1, 12), 'text',
                prose(seed || 2, 8), 'cents', 4950)))
$$;
CREATE TABLE orders (
    id uuid PRIMARY KEY, account int NOT NULL, state text NOT NULL,
    placed timestamptz NOT NULL, cents bigint NOT NULL, document jsonb NOT NULL);
INSERT INTO orders
    SELECT md5('o' || n)::uuid, n % 5000, 'pending',
        '2026-01-01Z'::timestamptz + n * interval '97 s', n * 37 % 100000, document('' || n)
    FROM generate_series(1, {orders}) n;
CREATE INDEX ON orders (account, placed);
CREATE INDEX ON orders USING gin (document jsonb_path_ops);
CREATE TABLE happenings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id uuid NOT NULL,
    at timestamptz NOT NULL, text text NOT NULL);
CHECKPOINT;
"""
ORDERS_SCRIPT = """
\\set n random(1, {orders})
\\set m random(1, 1000000)
BEGIN;
SELECT document FROM orders WHERE id = md5('o' || :n)::uuid;
UPDATE orders SET state = 'delivered', document = document('' || :m)
    WHERE id = md5('o' || :n)::uuid;
INSERT INTO happenings (order_id, at, text)
    VALUES (md5('o' || :n)::uuid, now(), prose('' || :m, 12));
COMMIT;
"""


def costs(place: InPool | Recorded) -> Iterator[Cost]:
    """Give the cost of each schema at each record size and compression."""
    [programs] = Path("/usr/lib/postgresql").glob("*/bin")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder)
        socket.chmod(0o777)
        with place.dataset("first", recordsize="8K", compression="lz4") as first:
            cluster = _made(programs, first / "cluster", socket)
            for properties in place.candidates:
                yield from _measured(place, programs, cluster, socket, properties)


def _made(programs: Path, cluster: Path, socket: Path) -> Path:
    """Make a cluster with both schemas, once: each dataset gets a copy of its files."""
    shutil.chown(cluster.parent, USER, USER)
    run(programs / "initdb", "-D", cluster, "--no-sync", user=USER)
    settings = cluster / "postgresql.conf"
    with settings.open("a", encoding="utf-8") as file:
        file.write(SETTINGS.format(socket=socket))
    orders = scaled(ORDERS)
    sql = ORDERS_SQL.format(words=",".join(WORDS), count=len(WORDS), orders=orders)
    with _running(programs, cluster, socket):
        connection = ("-h", socket, "postgres")
        scale = str(scaled(PGBENCH_SCALE))
        run(programs / "pgbench", "-i", "-q", "-s", scale, *connection, user=USER)
        run(
            programs / "psql",
            "-Xq",
            "-v",
            "ON_ERROR_STOP=1",
            *connection,
            user=USER,
            stdin=sql,
        )
    return cluster


@contextmanager
def _running(programs: Path, cluster: Path, socket: Path) -> Iterator[None]:
    control = (programs / "pg_ctl", "-w", "-t", "300", "-D", cluster)
    run(*control, "-l", socket / "log", "start", user=USER)
    try:
        yield
    finally:
        run(*control, "-m", "fast", "stop", user=USER)


def _measured(
    place: InPool | Recorded,
    programs: Path,
    cluster: Path,
    socket: Path,
    properties: dict[str, str],
) -> Iterator[Cost]:
    script = socket / "orders.sql"
    script.write_text(ORDERS_SCRIPT.format(orders=scaled(ORDERS)), encoding="utf-8")
    with (
        place.dataset("wal", recordsize="128K", compression="lz4") as log,
        place.dataset("data", **properties) as data,
    ):
        # cp writes each file anew; a clone of its blocks would keep their size.
        run("cp", "-a", "--reflink=never", f"{cluster}/.", data)
        run("cp", "-a", "--reflink=never", f"{cluster}/pg_wal/.", log)
        run("rm", "-r", data / "pg_wal")
        (data / "pg_wal").symlink_to(log)
        for folder in (data, log):
            shutil.chown(folder, USER, USER)
            folder.chmod(0o700)
        with _running(programs, data, socket):
            for name, words in (
                ("PostgreSQL, pgbench", ()),
                ("PostgreSQL, orders", ("-f", script)),
            ):

                def work(
                    transactions: int, seed: int, words: tuple[object, ...] = words
                ) -> None:
                    connection = ("-h", socket, "postgres")
                    fixed = (f"--random-seed={seed + 1}", "-t", str(transactions))
                    more = tuple(map(str, words))
                    run(programs / "pgbench", "-n", *fixed, *more, *connection, user=USER)
                    psql = (programs / "psql", "-Xqc", "CHECKPOINT")
                    run(*psql, *connection, user=USER)

                yield from place.count(
                    name,
                    scaled(TRANSACTIONS),
                    work,
                    lambda: _processes(data),
                    _tables(data),
                )


def _processes(cluster: Path) -> list[int]:
    """Return the server and its children."""
    server = (cluster / "postmaster.pid").read_text(encoding="utf-8").split()[0]
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii")
    return list(map(int, (server, *children.split())))


def _tables(cluster: Path) -> Path:
    """Return the folder of the database that holds the most."""

    def size_bytes(folder: Path) -> int:
        return sum(file.stat().st_size for file in folder.iterdir())

    return max((cluster / "base").iterdir(), key=size_bytes)
