"""One screen: nothing is wider than 80 columns, and what is wrong comes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from page_blocks import shown_by
from zfstune.health.growth import Growth
from zfstune.health.status_page import (
    StatusDataset,
    StatusPage,
    StatusPool,
    StatusTarget,
)
from zfstune.values.frozen import replace

POOL = StatusPool("tank", "ONLINE", 100 << 30, 24 << 30)
DATASET = StatusDataset("tank/a", ("web",), 3 << 30, 720, 3600, growth=Growth(2 << 30, 5))
TARGET = StatusTarget("host:tank/copy", "tank/a", 2, 7200)


def test_the_whole_page() -> None:
    """Pools, datasets, copies, and a last line that says whether all is well."""
    page = StatusPage((POOL,), (DATASET,), (TARGET,))
    assert page.lines() == [
        "POOL  HEALTH  SIZE  FREE       A WEEK  STATE",
        "tank  ONLINE  100G   24G  24%       -  ok",
        "",
        "DATASET  PROFILE  USED  A WEEK  NEWEST  EVERY  STATE",
        "tank/a   web        3G     +2G     12m     1h  ok",
        "",
        "COPY            OF      BEHIND  LAG",
        "host:tank/copy  tank/a       2   2h",
        "",
        "all is as it should be",
    ]
    assert not page.pending


def test_what_is_wrong_comes_first() -> None:
    """A dataset with a finding stands above the others, and each finding has a line."""
    worse = replace(DATASET, name="tank/z", state="stale-snapshots", age_seconds=None)
    found = (("tank/z", "its newest snapshot is 3d old"),)
    page = StatusPage((POOL,), (DATASET, worse), findings=found)
    lines = page.lines()
    assert [line.split()[0] for line in lines[4:6]] == ["tank/z", "tank/a"]
    assert lines[-2] == "tank/z: its newest snapshot is 3d old"
    assert lines[-1] == "1 finding; `zfstune verify` has the remedies"
    assert page.pending
    many = replace(page, findings=found * 20).lines()
    assert many[-1].startswith("20 findings, 12 more among them")
    assert len(many) < 24


def test_nothing_is_managed() -> None:
    """The page says how to begin; a pool without a size has no share."""
    page = StatusPage((replace(POOL, size_bytes=0, free_bytes=0),))
    assert page.lines()[1].split() == ["tank", "ONLINE", "0", "0", "0%", "-", "ok"]
    assert page.lines()[3] == "zfstune manages no dataset here: zfstune apply PROFILE"


def test_as_json() -> None:
    """All of it is there, also what the screen has no room for."""
    rows = tuple(replace(DATASET, name=f"tank/{n}") for n in range(30))
    found = StatusPage((POOL,), rows, (TARGET,), (("tank", "x"),)).to_dict()
    assert found["pending"] is True
    assert found["findings"] == [{"name": "tank", "message": "x"}]
    assert found["pools"] == [
        {
            "name": "tank",
            "health": "ONLINE",
            "size_bytes": 100 << 30,
            "free_bytes": 24 << 30,
            "weekly_growth_bytes": None,
            "growth_since": None,
            "state": "ok",
        }
    ]
    assert found["targets"] == [
        {
            "place": "host:tank/copy",
            "dataset": "tank/a",
            "snapshots": 2,
            "lag_s": 7200,
        }
    ]
    datasets = found["datasets"]
    assert isinstance(datasets, list)
    assert len(datasets) == 30
    assert datasets[0] == {
        "name": "tank/0",
        "profiles": ["web"],
        "used_bytes": 3 << 30,
        "age_s": 720,
        "interval_s": 3600,
        "weekly_growth_bytes": 2 << 30,
        "growth_since": "1970-01-01T00:00:05Z",
        "state": "ok",
    }


NAMES = st.text(min_size=1, max_size=250)
NUMBERS = st.integers(0, 1 << 62)


@given(
    names=st.lists(NAMES, min_size=1, max_size=20),
    profile=NAMES,
    size=NUMBERS,
    age=st.none() | st.integers(-(1 << 40), 1 << 40),
    state=st.sampled_from(["ok", "drift-inherited"]),
)
def test_no_line_is_wider_than_a_terminal(
    names: list[str], profile: str, size: int, age: int | None, state: str
) -> None:
    """Whatever the names are, 80 columns hold them, and no line breaks another."""
    page = StatusPage(
        tuple(StatusPool(name, "ONLINE", size, size, state) for name in names[:4]),
        tuple(StatusDataset(name, (profile,), size, age, age, state) for name in names),
        tuple(StatusTarget(name, name, size, abs(age or 0)) for name in names[:3]),
        tuple((name, profile) for name in names),
    )
    assert all(len(line) <= 80 and line.isprintable() for line in page.lines())


def test_what_the_page_shows() -> None:
    """The page of the documentation has what such a pool looks like."""
    mib = 1 << 20
    pool = StatusPool("tank", "ONLINE", 100 << 30, 24 << 30, growth=Growth(2355 * mib, 0))
    rows = (
        ("tank/data/www", "web", 1127, 300, 3 * 86400, 3600, "stale-snapshots"),
        ("tank/data/postgres", "postgres", 3277, 2048, 43200, 86400, "ok"),
        ("tank/data/postgres/wal", "postgres", 1127, -5, 43200, 86400, "ok"),
    )
    datasets = tuple(
        StatusDataset(
            name, (profile,), used * mib, age, every, state, Growth(grown * mib, 0)
        )
        for name, profile, used, grown, age, every, state in rows
    )
    copy = StatusTarget("backup:back/www", "tank/data/www", 2, 7200)
    late = "its newest snapshot is 3d old, and its schedule takes one every 1h"
    page = StatusPage((pool,), datasets, (copy,), findings=(("tank/data/www", late),))
    assert page.lines() == shown_by("docs/reference/verify.md", "zfstune status")
