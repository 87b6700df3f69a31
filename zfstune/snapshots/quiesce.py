"""Hold applications still while a snapshot is taken.

::

    with zfstune.quiesced(zfstune.Postgres()) as session:
        zfstune.snapshot("tank/data/postgres", recursive=True)

A snapshot of all datasets of a database at one instant is what a power cut would
leave: the database recovers from it without any of this. Quiescing is for what needs
more: a base backup that archived WAL goes on from, an application without a journal.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

from zfstune.host.coprocess import Coprocess, run_hook
from zfstune.values.errors import HookError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, Protocol

    class Quiet(Protocol):
        """What can be held still."""

        def begin(self) -> None:
            """Hold still; on an error, nothing is held."""

        def end(self) -> None:
            """Let go."""
else:
    Quiet = object

__all__ = ["Commands", "Postgres", "Session", "quiesced"]

_TIMEOUT_SECONDS = 60
_READY = "ready"
_END = "zfstune-end-of-answer"
_RENAMED_IN = 150_000  # pg_start_backup() became pg_backup_start() in PostgreSQL 15


@contextmanager
def quiesced(*sessions: Quiet) -> Iterator[tuple[Quiet, ...]]:
    """Hold applications still during a block, and let go whatever happens in it.

    Args:
        sessions: Begun in this order and ended in reverse: :class:`Postgres`,
            :class:`Session`, :class:`Commands`, or whatever has ``begin`` and ``end``.

    Raises:
        HookError: One could not be held still, and the block was not entered; or it
            did not end well, after the block.
    """
    with ExitStack() as stack:
        for session in sessions:
            session.begin()
            stack.callback(session.end)
        yield sessions


class Commands:
    """A command before and one after.

    Args:
        before: Must end well, or nothing is begun.
        after: Runs whatever happened since.
        timeout_seconds: For each.
        environ: What they find in their environment.
    """

    def __init__(
        self,
        before: str | None = None,
        after: str | None = None,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._before, self._after = before, after
        self._timeout = timeout_seconds
        self._environ = dict(environ or {})

    def begin(self) -> None:
        """Run the first."""
        self._run(self._before, "before")

    def end(self) -> None:
        """Run the second."""
        self._run(self._after, "after")

    def _run(self, command: str | None, phase: str) -> None:
        if command is not None:
            environ = {**self._environ, "ZFSTUNE_PHASE": phase}
            what = f"the command --{phase} '{shown(command)}'"
            run_hook(command, what, self._timeout, environ)


class Session:
    """A command that holds something until it is told to let go.

    It prints a line ``ready`` once it holds; then it waits for the end of its standard
    input, lets go, and ends. A lock that lives as long as a database session can be
    held so.

    Args:
        command: For ``/bin/sh -c``.
        timeout_seconds: To become ready, and to end.
        environ: What it finds in its environment.
    """

    def __init__(
        self,
        command: str,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._timeout = timeout_seconds
        self._environ = {**(environ or {}), "ZFSTUNE_PHASE": "around"}
        self._child: Coprocess | None = None

    def begin(self) -> None:
        """Start it and wait until it is ready."""
        argv = ["/bin/sh", "-c", self._command]
        what = f"the command --hook '{shown(self._command)}'"
        self._child = Coprocess(argv, what, self._timeout, self._environ)
        try:
            self._child.lines_until(_READY)
        except BaseException:
            self._child.kill()
            raise

    def end(self) -> None:
        """Let it end."""
        if self._child is not None:
            with self._child as child:
                self._child = None
                child.finish()


class Postgres:
    """PostgreSQL in backup mode, which one session begins and the same one ends.

    Args:
        connection: An open DB-API connection of the caller's; default: ``psql`` is
            started and spoken to.
        conninfo: For psql: a name of a database or a connection string; without it
            the variables ``PGHOST`` and so on tell.
        argv: The psql to start, with arguments.
        user: Who psql runs as: where the server goes by that, ``postgres`` mostly.
        label: Name of the backup.
        fast: Begin with a checkpoint at once, not spread over minutes.
        timeout_seconds: For each answer of psql.

    Attributes:
        label_file: After the block: what a copy restored with archived WAL needs as
            its ``backup_label``.
        tablespace_map: After the block: the same of ``tablespace_map``; often empty.
        lsn: After the block: up to where WAL is needed.
    """

    def __init__(
        self,
        connection: Any = None,
        *,
        conninfo: str | None = None,
        argv: Sequence[str] = ("psql",),
        user: str | None = None,
        label: str = "zfstune",
        fast: bool = True,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        if not label.isascii() or not label.replace("-", "").replace("_", "").isalnum():
            raise HookError(
                f"cannot call a backup '{label}': letters, digits, - and _ are allowed"
            )
        self._connection = connection
        more = () if conninfo is None else (f"--dbname={conninfo}",)
        # -X: no .psqlrc; -w: no question for a password, which nobody would answer
        self._argv = [*argv, "-XqAtw", "-v", "ON_ERROR_STOP=1", *more]
        self._user = user
        self._label, self._fast = label, fast
        self._timeout = timeout_seconds
        self._child: Coprocess | None = None
        self._renamed = True
        self.label_file = self.tablespace_map = self.lsn = ""

    def begin(self) -> None:
        """Go into backup mode."""
        if self._connection is None:
            self._child = Coprocess(self._argv, "psql", self._timeout, user=self._user)
        try:
            [[version]] = self._ask("SHOW server_version_num", 1)
            self._renamed = int(version) >= _RENAMED_IN
            fast = str(self._fast).lower()
            if self._renamed:
                self._ask(f"SELECT pg_backup_start('{self._label}', {fast})", 1)
            else:
                self._ask(f"SELECT pg_start_backup('{self._label}', {fast}, false)", 1)
        except BaseException:
            self._let_go()  # the session's end is the backup mode's end
            raise

    def end(self) -> None:
        """Come out of it; what the server then says is kept."""
        # what archives WAL may be slow, and the snapshot is taken
        call = "pg_backup_stop(false)" if self._renamed else "pg_stop_backup(false, false)"
        try:
            columns = "lsn, labelfile, spcmapfile"
            [row] = self._ask(f"SELECT {columns} FROM {call}", 3)  # noqa: S608 (our words)
            self.lsn, self.label_file, self.tablespace_map = row
            if self._child is not None:
                self._child.finish()
        finally:
            self._let_go()

    def _ask(self, query: str, columns: int) -> list[list[str]]:
        """Run a query of ours; give its rows."""
        if self._child is None:
            cursor = self._connection.cursor()
            try:
                cursor.execute(query)
                return [[str(v or "") for v in row] for row in cursor.fetchall()]
            finally:
                cursor.close()
        # a label has lines of its own: let no line end a row, nor a bar a column
        self._child.say(
            f"\\pset fieldsep '\\037'\n\\pset recordsep '\\036'\n{query};\n"
            f"\\echo\n\\echo {_END}\n"
        )
        text = "\n".join(self._child.lines_until(_END)).removesuffix("\n")
        rows = [row.split("\x1f") for row in text.removesuffix("\x1e").split("\x1e")]
        if any(len(row) != columns for row in rows):
            raise HookError(f"cannot understand psql: it answered '{text[:200]}'")
        return rows

    def _let_go(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
