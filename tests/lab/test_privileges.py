"""docs/reference/privileges.md: each row without a permission, and with exactly its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from lots import whole
from other_user import alice
from privileges import NONE, privileges
from zfstune.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from privileges import Row

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

GRANT = re.compile(r"`zfs allow USER (\S+) (\S+)`")
ROWS = privileges()
_DELEGATED = [row for row in ROWS if row.words != NONE]
# `make endurance` has all.
CHOSEN = ROWS if whole() else [ROWS[0], *_DELEGATED[::2]]


@pytest.fixture
def family(dataset: str, command: Command) -> str:
    """Give a dataset with two snapshots, a hold, and a dataset with a policy below it."""
    command("zfs", "snapshot", f"{dataset}@a")
    command("zfs", "snapshot", f"{dataset}@b")
    command("zfs", "hold", "tag", f"{dataset}@b")
    command("zfs", "create", f"{dataset}/kept")
    command("zfs", "unmount", f"{dataset}/kept")
    assert main(["policy", "set", "--keep-hourly", "4", f"{dataset}/kept"]) == 0
    return dataset


def by_alice(row: Row, dataset: str) -> int:
    """Run the command of a row as a user without root."""
    with alice():
        return main(row.argv(dataset))


@pytest.mark.parametrize("row", CHOSEN, ids=lambda row: row.command)
def test_each_row(
    row: Row, family: str, command: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    """A user is refused in words that name what is missing, and that is enough."""
    capfd.readouterr()
    status = by_alice(row, family)
    said = capfd.readouterr().err
    if row.words == NONE:
        assert status == 0, said
        return
    assert status == 1, said
    assert "permission denied" in said
    assert "hint: run as root" in said
    hint = GRANT.search(said)
    assert hint
    assert hint.groups() == (row.words, row.place(family))
    words = row.words.split(",")
    # `make endurance` tries each row without each of its words as well.
    for missing in words if whole() and len(words) > 1 else []:
        fewer = ",".join(word for word in words if word != missing)
        command("zfs", "allow", "-u", "alice", fewer, row.place(family))
        assert by_alice(row, family) == 1, missing
        assert "permission denied" in capfd.readouterr().err
        command("zfs", "unallow", "-u", "alice", row.place(family))
    command("zfs", "allow", "-u", "alice", row.words, row.place(family))
    status = by_alice(row, family)
    assert status == 0, capfd.readouterr().err
