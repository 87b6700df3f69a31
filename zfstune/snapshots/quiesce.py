"""Hold applications still while a snapshot is taken.

::

    with zfstune.quiesced(zfstune.Postgres()) as session:
        zfstune.snapshot("tank/data/postgres", recursive=True)

A snapshot of all datasets of a database at one instant holds the same as its disk after
a power cut, and the database recovers from that by itself. Two cases need quiescing: a
base backup that archived WAL is replayed on, and an application without a journal.
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
        """An application that can be held still."""

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
        sessions: Objects with methods ``begin`` and ``end``, as :class:`Postgres`,
            :class:`Session` and :class:`Commands` are. They begin in this order, and end
            in the reverse one.

    Raises:
        HookError: An application could not be held still, and the block was not
            entered; or letting go failed after the block.
    """
    with ExitStack() as stack:
        for session in sessions:
            session.begin()
            stack.callback(session.end)
        yield sessions


class Commands:
    """One command before a snapshot, and one after it.

    Args:
        before: A command for ``/bin/sh -c``; where it fails, no snapshot is taken.
        after: A command that runs whatever happened in between.
        timeout_seconds: The time that each may take.
        environ: Variables to add to their environment.
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
        """Run the command before."""
        self._run(self._before, "before")

    def end(self) -> None:
        """Run the command after."""
        self._run(self._after, "after")

    def _run(self, command: str | None, phase: str) -> None:
        if command is not None:
            environ = {**self._environ, "ZFSTUNE_PHASE": phase}
            what = f"the command --{phase} '{shown(command)}'"
            run_hook(command, what, self._timeout, environ)


class Session:
    """A command that holds an application still until its standard input ends.

    The command prints a line ``ready`` once it holds; then it waits for the end of its
    standard input, lets go, and ends. So it can hold a lock that lives only as long as
    its database session.

    Args:
        command: The command for ``/bin/sh -c``.
        timeout_seconds: The time to become ready, and again to end.
        environ: Variables to add to its environment.
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
        """Start the command and wait until it is ready."""
        argv = ["/bin/sh", "-c", self._command]
        what = f"the command --hook '{shown(self._command)}'"
        self._child = Coprocess(argv, what, self._timeout, self._environ)
        try:
            self._child.lines_until(_READY)
        except BaseException:
            self._child.kill()
            raise

    def end(self) -> None:
        """End its standard input and wait for its end."""
        if self._child is not None:
            with self._child as child:
                self._child = None
                child.finish()


class Postgres:
    """PostgreSQL in backup mode; the session that begins it must end it.

    Args:
        connection: An open DB-API connection of the caller's; default: ``psql`` is
            started and spoken to.
        conninfo: The name of a database or a connection string, for psql; default: the
            variables ``PGHOST`` and so on.
        argv: The psql to start, with arguments.
        user: The user to run psql as, mostly ``postgres``, for a server that trusts
            users of this system by name.
        label: Name of the backup.
        fast: Write PostgreSQL's own checkpoint at once, not spread over minutes.
        timeout_seconds: The time that psql has for each answer.

    Attributes:
        label_file: After the block: the text of the file ``backup_label`` that a copy
            restored with archived WAL needs.
        tablespace_map: After the block: the text of ``tablespace_map``; often empty.
        lsn: After the block: the end of the WAL that the copy needs.
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
        # -X: no .psqlrc; -w: no prompt for a password, which nobody would answer.
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
            self._let_go()  # backup mode ends with the session
            raise

    def end(self) -> None:
        """Leave backup mode, and keep the server's answer."""
        # "false" does not wait until WAL is archived: the snapshot is taken by now.
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
        """Run a query of this module, and return its rows."""
        if self._child is None:
            cursor = self._connection.cursor()
            try:
                cursor.execute(query)
                return [[str(v or "") for v in row] for row in cursor.fetchall()]
            finally:
                cursor.close()
        # A label file has lines and bars of its own: psql's default separators end a row
        # or a column there, so control characters take their place.
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
