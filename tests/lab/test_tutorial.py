"""The tutorial, word by word, on the kernel: each command does what the page shows."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from page_blocks import read_page, steps

pytestmark = pytest.mark.one_release

PAGE = "docs/tutorial/postgres.md"
# Units belong to the system; tests/systemd has them.
LEFT_OUT = ("zfstune schedule ",)
NOTED = re.compile(
    r"\d{8}T\d{6}Z|\d{4}-\d\d-\d\d \d\d:\d\dZ|\b\d+[smhd]\b"
    r"|(?<=\()(?:disk|file), ashift \d+"
)


def plain(line: str) -> str:
    """Give a line without what depends on the pool and the time."""
    return " ".join(NOTED.sub("N", line).split())


def test_the_tutorial(pool: str) -> None:
    """All commands but those for systemd run in order and print what the page shows."""
    env = {**os.environ, "ZFSTUNE_POOL": pool}
    ran = 0
    for command, shown in steps(read_page(PAGE), "console"):
        if command.startswith(LEFT_OUT):
            continue
        words = re.sub(r"\btank\b", pool, command)
        done = subprocess.run(
            ["sh", "-c", words], capture_output=True, text=True, check=False, env=env
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        printed = [plain(line.replace(pool, "tank")) for line in done.stdout.splitlines()]
        pattern = "".join(
            r"(?:.*\n)*" if line == "..." else re.escape(plain(line)) + r"\n"
            for line in shown
        )
        text = "".join(f"{line}\n" for line in printed)
        assert re.fullmatch(pattern, text) is not None, f"{words}\n{text}"
        ran += 1
    assert ran > 10
