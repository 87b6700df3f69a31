"""``zfstune snapshots``: age, space and reasons, for people and for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_each_snapshot_has_its_reasons(run: Run, tank: Heirs) -> None:
    """The reasons are those of the policy that is stored on the dataset."""
    tank.take("tank/a", [2])
    tank.set("tank/a", {"org.zfstune:policy": "keep=5"})
    status, out, err = run("snapshots", "tank/a")
    header, row = [line.split() for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert header == ["NAME", "AGE", "USED", "FREES", "GOES", "WHY"]
    assert row[0] == next(iter(tank.taken))
    [found] = json.loads(run("snapshots", "tank/a", "--json")[1])["snapshots"]
    assert found["name"] == row[0]
    [line] = run("snapshots", "-H", "-p", "tank/a")[1].splitlines()
    assert line.split("\t")[1].lstrip("-").isdigit()


def test_a_policy_that_cannot_be_read(run: Run, tank: Heirs) -> None:
    """The snapshots are shown all the same, the fault is named, and the status is 3."""
    tank.take("tank/a", [2])
    tank.set("tank/a", {"org.zfstune:policy": "rubbish"})
    status, out, err = run("snapshots", "-H", "tank/a")
    assert status == 3
    assert len(out.splitlines()) == 1
    assert "rubbish" in err
