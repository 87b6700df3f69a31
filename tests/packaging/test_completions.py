"""What bash, zsh and fish make of half a line, in a real shell on a terminal of its own.

A program named zfstune stands in for the real one: it knows some names, and notes the
words that it is started with. So a test sees the words that a user would have got.
"""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from completions import completions
from zfstune.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Seconds after which a shell that says nothing has failed.
PATIENCE_S = 60
PROMPT = "READY> "
STAND_IN = """#!{python} -IS
import sys
datasets = ["tank", "tank/data", "tank/my data", "tank/my data/in it", "tank/logs"]
behind = ["tank/data@monday", "tank/my data@first of may", "tank/data@tuesday"]
words = sys.argv[1:]
if words[:1] == ["complete"]:
    kind, word = (words[1:3] + [""])[:2]
    names = {{
        "dataset": datasets,
        "profile": ["postgres", "prometheus"],
        "role": ["web", "worker"],
        "snapshot": behind if "@" in word else [name + "@" for name in datasets],
        "target": ["postgres", "tank/data"],
    }}[kind]
    for name in names:
        if name.startswith(word):
            print(name)
else:
    with open({told!r}, "a") as file:
        file.write(repr(words) + "\\n")
"""
ARGV = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
START = {
    "bash": "PS1='{prompt}'; source {folder}/zfstune",
    "zsh": "fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; PS1='{prompt}'",
    "fish": "function fish_prompt; echo -n '{prompt}'; end; source {folder}/zfstune",
}


class Terminal:
    """A shell, and what it has printed."""

    def __init__(self, shell: str, folder: Path) -> None:
        self.told = folder / "told"
        self.told.touch()
        stand_in = folder / "bin" / "zfstune"
        stand_in.parent.mkdir()
        stand_in.write_text(STAND_IN.format(python=sys.executable, told=str(self.told)))
        stand_in.chmod(0o755)
        name = "_zfstune" if shell == "zsh" else "zfstune"
        (folder / name).write_text(completions(build_parser(), shell))
        environment = {
            "PATH": f"{folder}/bin:/usr/bin:/bin",
            "TERM": "vt100",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        }
        self.printed = ""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(ARGV[shell][0], ARGV[shell], environment)  # noqa: S606 (a shell it is)
        start = START[shell].format(prompt=PROMPT, folder=folder)
        self.enter(f"{start}; zfstune begin\n", ["begin"])

    def enter(self, line: str, expected: list[str] | None = None) -> list[str]:
        """Type a line that starts the program; return the words that it was given."""
        before = len(self.told.read_text())
        self.printed = ""
        os.write(self.terminal, line.encode())
        end = time.monotonic() + PATIENCE_S
        while not (self.told.read_text()[before:].endswith("\n") and self._prompted()):
            self._read()
            assert time.monotonic() < end, self.printed
        words = eval(self.told.read_text()[before:])  # noqa: S307 (written above)
        assert expected in (None, words)
        return list(words)

    def _prompted(self) -> bool:
        return PROMPT in self.printed.rpartition("\n")[2]

    def _read(self) -> None:
        if select.select([self.terminal], [], [], 0.1)[0]:
            with suppress(OSError):
                self.printed += os.read(self.terminal, 1 << 16).decode(errors="replace")

    def close(self) -> None:
        """End the shell."""
        os.close(self.terminal)
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)


@pytest.fixture(scope="module", params=list(ARGV))
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """Start a shell that has read the completions."""
    started = Terminal(request.param, tmp_path_factory.mktemp(request.param))
    yield started
    started.close()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("prun", ["prune"]),
        ("schedule inst", ["schedule", "install"]),
        ("list --ty", ["list", "--type"]),
        ("list --debu", ["list", "--debug"]),
        ("plan post", ["plan", "postgres"]),
        ("apply --role we", ["apply", "--role", "web"]),
        ("verify post", ["verify", "postgres"]),
        ("snapshots tank/lo", ["snapshots", "tank/logs"]),
        ("snapshots tank/data tank/lo", ["snapshots", "tank/data", "tank/logs"]),
        ("snapshots tank/my", ["snapshots", "tank/my data"]),
        ('snapshots "tank/my data/in', ["snapshots", "tank/my data/in it"]),
        ("compare tank/data@m", ["compare", "tank/data@monday"]),
        (r"compare tank/my\ data@f", ["compare", "tank/my data@first of may"]),
        (
            "compare tank/data@monday tank/data@t",
            ["compare", "tank/data@monday", "tank/data@tuesday"],
        ),
        ("snapshots nosuch", ["snapshots", "nosuch"]),
    ],
)
def test_words(terminal: Terminal, typed: str, words: list[str]) -> None:
    """A verb, an option or a name that was begun is completed, as one word."""
    assert terminal.enter(f"zfstune {typed}\t\n") == words


@pytest.mark.parametrize("typed", ["compare tank/lo", r"compare tank/my\ data/"])
def test_a_snapshot_goes_on_behind_its_dataset(terminal: Terminal, typed: str) -> None:
    """No space follows the @, so that the name of the snapshot can be typed."""
    words = terminal.enter(f"zfstune {typed}\tx\n")
    assert words[1] in ("tank/logs@x", "tank/my data/in it@x")
