"""``zfstune image``: sizes, and the facts about a pool in a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_facts_of_a_pool(run: Run, tank: Heirs) -> None:
    """Datasets and snapshots are counted, in words and as JSON."""
    tank.take("tank/a", range(3))
    status, out, err = run("image", "info", "x.zpool")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "x.zpool: pool tank, 0 of 1T used, ashift 12"
    assert out.splitlines()[1].startswith("datasets: 3, snapshots: 3; opened by OpenZFS ")
    facts = json.loads(run("image", "info", "x.zpool", "--json")[1])
    assert (facts["datasets"], facts["snapshots"], facts["damaged"]) == (3, 3, [])


def test_the_last_host_is_handed_on(
    run: Run, tank: Heirs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--take-over-from stands before the verb, and reaches the engine."""
    hosts: list[str] = []

    def opened(_: str, *, take_over_from: str) -> Heirs:
        hosts.append(take_over_from)
        return tank

    monkeypatch.setattr(opening, "open_engine", opened)
    run("--take-over-from", "other", "image", "info", "x")
    run("image", "info", "x")
    assert hosts == ["other", ""]


@pytest.mark.parametrize("size", ["many", "-1G", ""])
def test_a_size_that_is_none(run: Run, size: str) -> None:
    """The error quotes the size, and no file is made."""
    status, out, err = run("image", "create", "/nowhere/x", f"--size={size}")
    assert (status, out) == (1, "")
    assert err.startswith("zfstune: cannot ")
