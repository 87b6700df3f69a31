"""Policies on a real pool: stored where `zfs get` sees them, and followed."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.retention import examine
from zfstune.retention.policy import Followed
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.store import clear_policy, set_policy, stored_policies
from zfstune.values.marks import POLICY_PROPERTY, SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

OWN = {SNAPSHOT_PROPERTY: "auto"}
TEXT = "match='a b*' keep=3; hourly=48 within=7d"


def test_stored_inherited_and_never_received(
    dataset: str, engine: Engine, command: Command
) -> None:
    """The zfs command shows the text; children inherit it; what a stream brings is void."""
    child = f"{dataset}/child"
    command("zfs", "create", child)
    text = set_policy(engine, dataset, parse_policy(TEXT))
    shown = command("zfs", "get", "-Ho", "value,source", POLICY_PROPERTY, child)
    assert shown.strip() == f"{text}\tinherited from {dataset}"
    stored = stored_policies(engine, engine.datasets(dataset))
    assert stored[child] == Followed(parse_policy(TEXT), dataset)
    engine.take_snapshots([f"{dataset}@zfstune-20260101T000000Z"], properties=OWN)
    copy = f"{dataset}-copy"
    line = f"zfs send -p {dataset}@zfstune-20260101T000000Z | zfs recv -u {copy}"
    subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True)
    assert "received" in command("zfs", "get", "-H", POLICY_PROPERTY, copy)
    assert stored_policies(engine, engine.datasets(copy)) == {}
    with pytest.raises(zfstune.PolicyError, match="no rule says what to keep"):
        zfstune.prune(copy, engine=engine)
    clear_policy(engine, dataset)
    assert command("zfs", "get", "-Ho", "value", POLICY_PROPERTY, child).strip() == "-"


def test_ages_and_bytes_are_those_of_zfs(
    dataset: str, engine: Engine, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dry run says is freed is what `zfs destroy -nvp` says of the same run."""
    place = command("zfs", "get", "-Ho", "value", "mountpoint", dataset).strip()
    shorts = [f"zfstune-202601{day:02d}T000000Z" for day in range(1, 5)]
    for number, short in enumerate(shorts):
        _write(place, number)
        command("sync")
        engine.take_snapshots([f"{dataset}@{short}"], properties=OWN)
    later = datetime.now(UTC) + timedelta(days=9)
    monkeypatch.setattr(examine, "_now", lambda: later)
    plan = zfstune.prune(dataset, policy="within=7d", dry_run=True, engine=engine).plan
    assert [s.short_name for s in plan.victims] == shorts[2::-1]
    told = command("zfs", "destroy", "-nvp", f"{dataset}@{shorts[0]}%{shorts[2]}")
    [reclaim] = [line.split()[1] for line in told.splitlines() if "reclaim" in line]
    assert plan.reclaims == {dataset: int(reclaim)}
    assert int(reclaim) >= 3 << 20
    created = command("zfs", "get", "-Hpo", "value", "creation", f"{dataset}@{shorts[3]}")
    assert plan.decisions[0].snapshot.creation == int(created)
    pruned = zfstune.prune(dataset, policy="within=7d", engine=engine)
    assert pruned.destroyed == tuple(f"{dataset}@{short}" for short in shorts[:3])


def _write(place: str, number: int) -> None:
    """Replace a file's megabyte by another, which does not compress."""
    with open(f"{place}/file", "wb") as file, open("/dev/urandom", "rb") as source:  # noqa: PTH123 (two plain files)
        file.write(source.read((1 << 20) + number))
