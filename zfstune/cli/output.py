"""Print data on stdout and talk on stderr, in the forms that all verbs share."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from zfstune.cli.json_document import (
    Said,
    enveloped,
    error_fields,
    error_objects,
    failure,
    json_line,
    json_text,
)
from zfstune.values.errors import PlanError
from zfstune.values.fold import folded
from zfstune.values.table import table_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TextIO

    from zfstune.values.errors import ZfstuneError

__all__ = [
    "add_json",
    "add_scripted",
    "be_quiet",
    "begin_document",
    "end_document",
    "lose_options",
    "on_terminal",
    "print_json",
    "print_json_line",
    "print_lines",
    "print_schema",
    "print_table",
    "record",
    "refuse",
    "remember_terminal",
    "report",
    "stdout_columns",
    "warn",
]

# Whether stderr led to a terminal when it was last there: a watched command has a pipe.
_terminal: bool | None = None
# The widths of the terminals that stdout and stderr led to then; 0: it was none.
_columns: int | None = None
_talk_columns: int | None = None
_MOST_DIGITS = 5  # of the width of a terminal
_quiet = False


class _Pending:
    """The document that a run with --json prints at its end.

    Attributes:
        verb: The words of the verb, joined by dashes; empty where none was read yet.
        dry_run: As the envelope has it.
        lines: Whether the run prints a line for each document at once, and none at its
            end.
        body: What was found; None: nothing yet.
        changed: As the envelope has it.
        said: What was said on stderr.
    """

    def __init__(self, verb: str, *, dry_run: bool | None, lines: bool) -> None:
        self.verb = verb
        self.dry_run = dry_run
        self.lines = lines
        self.body: Mapping[str, object] | None = None
        self.changed: bool | None = None
        self.said = Said()


_pending: _Pending | None = None


def begin_document(
    verb: str | None, *, dry_run: bool | None = None, lines: bool = False
) -> None:
    """Gather all that the run says for its JSON document.

    Args:
        verb: Its words; None: the run prints no JSON.
        dry_run: Whether it changes nothing; None: it has no -n.
        lines: It prints documents in lines, as it goes on.
    """
    global _pending  # noqa: PLW0603 (it is a fact about this process)
    _pending = None
    if verb is not None:
        _pending = _Pending(verb.replace(" ", "-"), dry_run=dry_run, lines=lines)


def end_document(exit_status: int) -> None:
    """Print the JSON document of the run, if it has one."""
    global _pending
    pending, _pending = _pending, None
    if pending is None or pending.lines:
        return
    if pending.body is None:
        print(json_text(failure(pending.verb, pending.said, exit_status=exit_status)))
        return
    found = enveloped(
        pending.verb,
        pending.body,
        pending.said,
        exit_status=exit_status,
        dry_run=pending.dry_run,
        changed=pending.changed,
    )
    print(json_text(found))


def be_quiet(*, quiet: bool) -> None:
    """Show no progress from now on, or show it again."""
    global _quiet  # noqa: PLW0603 (it is a fact about this process)
    _quiet = quiet


def remember_terminal() -> None:
    """Note which streams are terminals, before pipes that lead there take their places."""
    global _terminal, _columns, _talk_columns  # noqa: PLW0603 (facts about this process)
    _terminal = sys.stderr.isatty()
    _columns, _talk_columns = _width_of(sys.stdout), _width_of(sys.stderr)


def stdout_columns() -> int:
    """Return the width of the terminal that stdout leads to; 0: it leads to none."""
    return _width_of(sys.stdout) if _columns is None else _columns


def _width_of(stream: TextIO) -> int:
    if not stream.isatty():
        return 0
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and 0 < len(columns) <= _MOST_DIGITS:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # ValueError: there is no file behind it
        return 0


def on_terminal() -> bool:
    """Tell whether a line on stderr can be written over."""
    if _quiet:
        return False
    return sys.stderr.isatty() if _terminal is None else _terminal


def add_json(parser: Any) -> None:
    """Add the option that asks for :func:`print_json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def add_scripted(parser: Any) -> None:
    """Add the option that asks for a table that a script can read."""
    parser.add_argument(
        "-H", dest="scripted", action="store_true", help="no header, tabs between columns"
    )


def print_json(
    found: Mapping[str, object], *, part: str = "", changed: bool | None = None
) -> None:
    """Have the run's JSON document hold what was found, once the run is at its end.

    Args:
        found: The keys of the verb; the envelope is put around them.
        part: Which of a verb's documents it is, where an option has it print another.
        changed: Whether the verb changed something or, in a dry run, would; None: this
            never changes anything.
    """
    if _pending is not None:
        _pending.body = found
        _pending.changed = changed
        if part:
            _pending.verb = f"{_pending.verb}-{part}"


def print_json_line(
    verb: str,
    found: Mapping[str, object],
    *,
    exit_status: int,
    changed: bool,
    failures: Iterable[str] = (),
) -> None:
    """Print a document at once, in a line of its own.

    Args:
        verb: As in :func:`begin_document`.
        found: The keys of the verb.
        exit_status: The status that the work ends with.
        changed: Whether it changed something.
        failures: The messages of errors.
    """
    said = Said()
    said.errors += [error_fields("ZfstuneError", message) for message in failures]
    document = enveloped(verb, found, said, exit_status=exit_status, changed=changed)
    print(json_line(document), flush=True)


def print_schema(schema: object) -> None:
    """Print a JSON Schema, which has no envelope."""
    print(json_text(schema))


def print_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, scripted: bool, right: str = ""
) -> None:
    """Print rows below a header, aligned; on a terminal no wider than that.

    Nothing is cut: see :func:`zfstune.values.table.table_lines`.

    Args:
        header: Names of the columns.
        rows: Cells, in the order of `header`.
        scripted: As ``zfs list -H``: tabs, no header, and nothing is escaped.
        right: One letter a column: ``r`` aligns it to the right, any other to the left.
    """
    if scripted:
        for row in rows:
            print("\t".join(row))
        return
    lines = table_lines(header, rows, right=right, columns=stdout_columns())
    print("\n".join(lines))


def print_lines(lines: Iterable[str]) -> None:
    """Print a text; a terminal has its lines folded, and any other place has them whole.

    It is written at once, since it may tell what is about to be changed.
    """
    print(_fitted("\n".join(lines), stdout_columns()), flush=True)


def _fitted(text: str, columns: int) -> str:
    return "\n".join(part for line in text.split("\n") for part in folded(line, columns))


def warn(message: str, hint: str = "") -> None:
    """Print a message on stderr, and its hint on a line of its own."""
    if _pending is not None:
        _pending.said.note(message, hint)
    _say(message, hint)


def report(error: ZfstuneError, *, saying: str = "") -> None:
    """Print an error on stderr.

    Args:
        error: The error, as a JSON document has it.
        saying: What people read in the place of its message.
    """
    _speak_of_options(error)
    if _pending is not None:
        _fail(_pending, error_objects(error))
    _say(saying or error.message, error.hint)


def record(error: ZfstuneError) -> None:
    """Put an error into the JSON document alone: people have read of it elsewhere."""
    _speak_of_options(error)
    if _pending is not None:
        _fail(_pending, error_objects(error))


def _speak_of_options(error: ZfstuneError) -> None:
    """Reword a hint that speaks of arguments, since it was made for Python."""
    if isinstance(error, PlanError) and error.losses:
        error.hint = f"to lose that all the same, add {lose_options(error.losses)}"


def lose_options(words: Iterable[str]) -> str:
    """Write the options that consent to losses."""
    return " ".join(f"--lose {word}" for word in words)


def refuse(kind: str, message: str) -> None:
    """Note for the JSON document why a run ends, which is said on stderr elsewhere."""
    if _pending is not None:
        _fail(_pending, [error_fields(kind, message)])


def _fail(pending: _Pending, errors: list[dict[str, object]]) -> None:
    if not pending.lines:
        pending.said.errors += errors
        return
    said = Said()
    said.errors = errors
    print(json_line(failure(pending.verb, said, exit_status=1)), flush=True)


def _say(message: str, hint: str) -> None:
    """Print a message on stderr.

    What was printed on stdout before goes first: a log has both, in the order in which
    they came about. A terminal has the message folded, and the hint whole, since a command
    in it may be pasted.
    """
    with suppress(OSError):  # the end of the command meets the same error, and says so
        sys.stdout.flush()
    columns = _width_of(sys.stderr) if _talk_columns is None else _talk_columns
    print(_fitted(f"zfstune: {message}", columns), file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
