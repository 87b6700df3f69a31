"""``zfstune snapshots`` on an image: what it says is what ZFS and prune would do."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import zfstune
from zfstune.cli.main import main
from zfstune.retention.assess import assess_snapshots
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.store import set_policy

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zfstune.engine.image import ImageEngine


def now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


def take(engine: ImageEngine, dataset: str, count: int) -> list[str]:
    """Take snapshots as zfstune does."""
    return [zfstune.snapshot(dataset, engine=engine)[0] for _ in range(count)]


def test_each_says_why_it_stays_and_what_it_frees(engine: ImageEngine) -> None:
    """Kept, held, cloned, foreign, due, and of a dataset without a policy."""
    engine.create("tank/a")
    engine.create("tank/b")
    for short in ("zfstune-20260101T000000Z", "mine"):
        engine.take_snapshots([f"tank/a@{short}"])
    own = take(engine, "tank/a", 5)
    [alone] = take(engine, "tank/b", 1)
    set_policy(engine, "tank/a", parse_policy("keep=2"))
    engine.hold([own[0]], "backup")
    engine.clone(own[1], "tank/clone")
    found = {each.name: each for each in assess_snapshots(engine, ["tank"], now)}
    assert list(found) == ["tank/a@zfstune-20260101T000000Z", "tank/a@mine", *own, alone]
    goes = {name: each.goes for name, each in found.items()}
    assert goes == {
        "tank/a@zfstune-20260101T000000Z": "kept",
        "tank/a@mine": "kept",
        own[0]: "kept",
        own[1]: "kept",
        own[2]: "now",
        own[3]: "kept",
        own[4]: "kept",
        alone: "unruled",
    }
    assert "zfstune did not make it" in found["tank/a@zfstune-20260101T000000Z"].reasons[0]
    assert found["tank/a@mine"].reasons == ("its name is not one that zfstune gives",)
    assert (found[own[0]].reasons, found[own[0]].holds) == (("held: backup",), ("backup",))
    assert (found[own[1]].reasons, found[own[1]].clones) == (("a clone hangs on it",), 1)
    assert found[own[4]].reasons == ("number 1 of the newest 2",)
    refused = {name for name, each in found.items() if each.frees_bytes is None}
    assert refused == {own[0], own[1]}
    for name, each in found.items():
        assert each.used_bytes == engine.reclaim_size(name, name)
        assert 0 <= (each.age_seconds or 0) < 600
    # what it says goes now is what prune destroys
    pruned = zfstune.prune("tank/a", engine=engine)
    assert pruned.destroyed == (own[2],)
    engine.release([own[0]], "backup")


def test_dates_are_those_of_a_dry_run(engine: ImageEngine) -> None:
    """One policy, one decision: prune -n and this say the same of the same second."""
    engine.create("tank/a")
    take(engine, "tank/a", 3)
    set_policy(engine, "tank/a", parse_policy("within=1h daily=2"))
    dry = zfstune.prune("tank/a", dry_run=True, engine=engine)
    planned = {d.snapshot.name: (d.expires, d.reasons) for d in dry.plan.decisions}
    seen = assess_snapshots(engine, ["tank/a"], now)
    assert {each.name: (each.expires, each.reasons) for each in seen} == planned
    late = assess_snapshots(engine, ["tank/a"], lambda: now() + timedelta(days=1))
    assert [each.goes for each in late] == ["kept", "now", "kept"]


def test_the_command_prints_them(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people, for scripts and as JSON; of one dataset, or of all."""
    engine.create("tank/a/b", parents=True)
    [name] = take(engine, "tank/a/b", 1)
    set_policy(engine, "tank/a", parse_policy("keep=2"))
    engine.close()

    def call(*words: str) -> str:
        assert main(["--image", os.fspath(file), "snapshots", *words]) == 0
        return capsys.readouterr().out

    header, row = call().splitlines()
    assert header.split() == ["NAME", "AGE", "USED", "FREES", "GOES", "WHY"]
    assert row.split()[0] == name
    assert row.endswith("number 1 of the newest 2")
    cells = call("-Hp", "tank/a").rstrip("\n").split("\t")
    assert len(cells) == 6
    assert all(cell.isdigit() for cell in cells[1:4])
    [one] = json.loads(call("--json"))["snapshots"]
    assert (one["name"], one["goes"], one["own"], one["holds"]) == (name, "kept", True, [])
    assert main(["--image", os.fspath(file), "snapshots", "tank/none"]) == 1
