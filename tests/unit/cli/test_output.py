"""Tables for people and for scripts, JSON, and messages on stderr."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.cli import output
from zfstune.cli.output import (
    begin_document,
    end_document,
    print_json,
    print_lines,
    print_table,
    report,
    warn,
)
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ("NAME", "USED")
ROWS = [("tank/a", "12K"), ("tank/\x1b[31mb", "1G")]


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """A column is as wide as its widest cell; control characters are escaped."""
    print_table(HEADER, ROWS, scripted=False, right="lr")
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "USED"]
    assert len({len(line) for line in (header, first, second)}) == 1
    assert first.endswith("  12K")
    assert "\x1b" not in second


def test_an_empty_table_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    """The header is printed where there is no row, but not for a script."""
    print_table(HEADER, [], scripted=False)
    print_table(HEADER, [], scripted=True)
    assert capsys.readouterr().out == "NAME  USED\n"


def test_scripts_get_cells_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Tabs stand between cells, and nothing is escaped."""
    print_table(HEADER, ROWS, scripted=True)
    assert capsys.readouterr().out == "tank/a\t12K\ntank/\x1b[31mb\t1G\n"


def test_bytes_that_are_no_text_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """A surrogate stands for such a byte, so that the document stays ASCII."""
    begin_document("policy clear", dry_run=False)
    found = {"name": "tank/\udcff", "policy": None, "replaces": "keep=1"}
    print_json(found, changed=True)
    end_document(0)
    assert '\n  "name": "tank/\\udcff",\n' in capsys.readouterr().out


def test_messages_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """A hint has a line of its own, and there is none without a hint."""
    warn("it is late")
    report(PlanError("cannot plan: x", hint="try y"))
    assert capsys.readouterr() == (
        "",
        "zfstune: it is late\nzfstune: cannot plan: x\nhint: try y\n",
    )


def test_a_terminal_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watched command has a pipe for stderr, but its line ends on a terminal."""
    monkeypatch.setattr(output, "_terminal", None)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert output.on_terminal()
    output.remember_terminal()
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert output.on_terminal()
    output.remember_terminal()
    assert not output.on_terminal()


def test_a_log_has_both_in_order(tmp_path: Path) -> None:
    """What was printed stands before a message that came after it, in a file too."""
    code = (
        "from zfstune.cli.output import warn\n"
        "print('made it'); warn('cannot go on', 'do this'); print('the end')"
    )
    log = tmp_path / "log"
    with log.open("wb") as file:
        argv = [sys.executable, "-c", code]
        # Unbuffered, as many a container has it, the order would be right by itself.
        env = {n: text for n, text in os.environ.items() if n != "PYTHONUNBUFFERED"}
        subprocess.run(argv, stdout=file, stderr=subprocess.STDOUT, check=True, env=env)
    told = log.read_text().splitlines()
    assert told == ["made it", "zfstune: cannot go on", "hint: do this", "the end"]


@given(
    st.lists(st.tuples(*[st.text(max_size=90)] * 3), max_size=6),
    st.integers(20, 200),
)
def test_a_table_fits_its_terminal(rows: list[tuple[str, str, str]], columns: int) -> None:
    """Whatever the cells hold, no line is wider than the terminal."""
    header, numbers = ("NAME", "PROFILE", "NOTE", "USED"), [(*row, "12.5K") for row in rows]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.setattr(output, "_columns", columns)
        print_table(header, numbers, scripted=False, right="lllr")
    lines = out.getvalue().split("\n")[:-1]
    assert len(lines) >= len(rows) + 1
    assert all(len(line) <= columns for line in lines)


def test_a_terminal_alone_has_lines_folded(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe gets each line and each row whole."""
    name = f"tank/{'x' * 20}/the-end"
    with pytest.MonkeyPatch.context() as patch:
        print_table(HEADER, [(name, "1G")], scripted=False, right="lr")
        print_lines([f"would destroy {name}"])
        warn(f"left {name}")
        assert capsys.readouterr() == (
            f"{'NAME':<33}  USED\n{name}    1G\nwould destroy {name}\n",
            f"zfstune: left {name}\n",
        )
        patch.setattr(output, "_columns", 33)
        patch.setattr(output, "_talk_columns", 33)
        print_table(HEADER, [(name, "1G")], scripted=False, right="lr")
        print_lines([f"would destroy {name}"])
        warn(f"left {name}", f"zfstune destroy {name}")
    rows, lines = capsys.readouterr()
    assert rows == (
        f"NAME\n    USED\n{name}\n      1G\n"
        f"would destroy\n    tank/{'x' * 20}\n    /the-end\n"
    )
    assert lines == (
        f"zfstune: left\n    tank/{'x' * 20}\n    /the-end\nhint: zfstune destroy {name}\n"
    )
