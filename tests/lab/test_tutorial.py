"""The tutorial, word by word, on the kernel: each command does what the page shows."""

from __future__ import annotations

import os
import re

import pytest

from page_blocks import matches, printed_on, read_page, steps

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
        printed = [plain(line) for line in printed_on(pool, command, env)]
        wanted = [plain(line) for line in shown]
        assert matches(wanted, printed), f"{command}\n{printed}"
        ran += 1
    assert ran > 10
