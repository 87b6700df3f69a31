"""verify: the datasets that it looks at, and those that it cannot look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.health import inspect_snapshots
from zfstune.health.verify import verify
from zfstune.host.process_identity import own_identity
from zfstune.values.errors import NotFound, PlanError, ProfileError
from zfstune.values.frozen import replace
from zfstune.values.marks import (
    APPLIED_PROPERTY,
    POLICY_PROPERTY,
    PROFILE_PROPERTY,
    SCHEDULE_PROPERTY,
    SCRATCH_PREFIX,
    SCRATCH_PROPERTY,
    SNAPSHOT_PROPERTY,
)

if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo

RECORD = '{"atime":"off"}'
OWN = {SNAPSHOT_PROPERTY: "auto"}


class Pools(FakeEngine):
    """An engine whose pools have names of their own."""

    def pool(self, name: str) -> PoolInfo:
        """Return a pool of that name."""
        return replace(super().pool(name), name=name)


def managed(*names: str, profile: str = "nobody-knows") -> FakeEngine:
    """Make an engine whose datasets of these names are managed."""
    pools = {name.partition("/")[0] for name in names}
    engine = Pools(*pools, "tank/mine", *names)
    for name in names:
        engine.marks[name] = {
            PROFILE_PROPERTY: profile,
            APPLIED_PROPERTY: RECORD,
            "atime": "off",
            "canmount": "noauto",
        }
    return engine


def states(engine: FakeEngine, *targets: str, **options: str) -> dict[str, str]:
    """Return the state of each dataset that verify looks at."""
    found = verify(*targets, engine=engine.seam, **options)  # type: ignore[arg-type]
    return {verdict.name: verdict.state for verdict in found.datasets}


def test_all_that_is_managed_and_no_more() -> None:
    """Without a target, the managed datasets of every pool are looked at."""
    engine = managed("tank/a", "flash/b")
    assert states(engine) == {"flash/b": "ok", "tank/a": "ok"}
    assert states(engine, pool="flash") == {"flash/b": "ok"}
    engine.marks["tank/a"]["atime"] = "on"
    assert states(engine) == {"flash/b": "ok", "tank/a": "drift-local"}


def test_a_dataset_and_what_is_below() -> None:
    """A named dataset is looked at, whether managed or not, and whether there or not."""
    engine = managed("tank/a", "tank/a/b", "tank/c")
    assert states(engine, "tank/a") == {"tank/a": "ok", "tank/a/b": "ok"}
    assert list(states(engine, "tank/mine")) == ["tank/mine"]
    assert states(engine, "tank/gone") == {"tank/gone": "missing"}
    assert list(states(engine, "tank")) == ["tank", "tank/a", "tank/a/b", "tank/c"]
    with pytest.raises(NotFound):
        states(engine, "nopool/a")


def test_a_profile_that_was_applied_nowhere() -> None:
    """Its datasets are missing below POOL/data or the root, if there is only one pool."""
    engine = FakeEngine("tank")
    assert states(engine, "logs") == {"tank/data/logs": "missing"}
    assert states(engine, "logs", root="tank/srv") == {"tank/srv/logs": "missing"}
    assert states(engine, roles="lb") == {}
    assert states(engine, roles="bastion") == {"tank/data/audit": "missing"}
    engine.marks["flash"] = {}
    with pytest.raises(PlanError, match="several are imported"):
        states(engine, "logs")
    with pytest.raises(ProfileError, match="no such profile"):
        states(engine, "lgos")


def test_a_suspended_pool_is_not_read() -> None:
    """A read from it may never return, so its suspension is the only finding."""
    engine = managed("tank/a")
    engine.suspended = True
    engine.before = lambda name: pytest.fail(f"{name} was called")
    for targets in ((), ("tank/a",), ("logs",)):
        found = verify(*targets, engine=engine.seam)
        assert [verdict.state for verdict in found] == ["suspended"]
        assert found.pending
        assert "zpool clear tank" in str(found)


def test_what_a_killed_measurement_left() -> None:
    """It is named with what removes it, asks for no action, and not while it runs."""
    engine = managed("tank/a")
    left = f"tank/{SCRATCH_PREFIX}0000"
    engine.marks[left] = {SCRATCH_PROPERTY: "0000.1.1"}
    found = verify(engine=engine.seam)
    assert [verdict.state for verdict in found.pools] == ["leftover"]
    assert not found.pending
    assert f"a measurement that was killed left {left} -> " in str(found)
    engine.marks[left][SCRATCH_PROPERTY] = own_identity()
    assert [verdict.state for verdict in verify(engine=engine.seam).pools] == ["ok"]


def test_nothing_is_managed() -> None:
    """The text says so, and that is no fault."""
    found = verify(engine=FakeEngine("tank").seam)
    assert not found.pending
    assert str(found) == "nothing to verify: zfstune manages no dataset here"


def test_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots are compared with the policy in force; an unreadable policy is reported."""
    engine = managed("tank/a")
    engine.marks["tank/a"] |= {POLICY_PROPERTY: "hourly=3", "creation": "1000"}
    monkeypatch.setattr(inspect_snapshots, "time", lambda: 2000.0)
    assert states(engine) == {"tank/a": "ok"}
    monkeypatch.setattr(inspect_snapshots, "time", lambda: 20000.0)
    assert states(engine) == {"tank/a": "stale-snapshots"}
    engine.marks["tank/a"][POLICY_PROPERTY] = "hourly=many"
    found = verify(engine=engine.seam)
    assert "cannot follow the policy of 'tank/a'" in str(found)


def test_a_policy_that_does_not_fit_the_schedule() -> None:
    """The fault is reported once, on one dataset, with a policy that fits."""
    engine = managed("tank/a", "tank/a/b")
    engine.take_snapshots(["tank/a@zfstune-20261123T030000Z"], properties=OWN)
    engine.marks["tank/a"] |= {POLICY_PROPERTY: "daily=3", SCHEDULE_PROPERTY: "daily"}
    assert "unkept-snapshots" not in states(engine).values()
    engine.marks["tank/a"][SCHEDULE_PROPERTY] = "hourly"
    found = str(verify(engine=engine.seam))
    assert found.count("unkept-snapshots") == 1
    assert (
        "does not fit the schedule 'hourly': of 24 snapshots taken in 24h, 23 go" in found
    )
    assert "-> zfstune policy set tank/a hourly=24 daily=3" in found
    engine.marks["tank/a"][POLICY_PROPERTY] = "match=auto* daily=3"
    assert "has no rule for the names" in str(verify(engine=engine.seam))


def test_a_log_and_its_data() -> None:
    """The verdict on the data says that they were not snapshotted together."""
    engine = managed("tank/db", "tank/db/data", "tank/db/wal")
    names = [f"{n}@zfstune-20261123T030000Z" for n in ("tank/db/data", "tank/db/wal")]
    engine.take_snapshots(names, properties=OWN)
    assert set(states(engine).values()) == {"ok"}
    engine.take_snapshots(["tank/db/data@zfstune-20261123T040000Z"], properties=OWN)
    assert states(engine)["tank/db/data"] == "torn-snapshots"


def test_the_text_says_all() -> None:
    """Each dataset has a line with its worst finding, further lines, and a sum ends it."""
    engine = managed("tank/a", "tank/b")
    engine.marks["tank/a"]["atime"] = "on"
    engine.marks["tank/a"]["sync"] = "disabled"
    found = verify(engine=engine.seam)
    lines = [line.split(None, 2) for line in str(found).splitlines()]
    assert lines[0] == ["tank", "ok"]
    assert lines[1][:2] == ["tank/a", "drift-local"]
    assert lines[1][2] == (
        "atime is on, set by hand, and was set to off -> zfs set atime=off tank/a"
    )
    assert lines[2][0] == "drift-local"
    assert lines[3] == ["tank/b", "ok"]
    assert " ".join(lines[4]) == "2 datasets looked at, 1 not as it should be"


def test_progress_is_told() -> None:
    """After each dataset, the number of those looked at, and of how many."""
    told: list[tuple[int, int]] = []
    engine = managed("tank/a", "tank/b")
    verify(engine=engine.seam, passed=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
