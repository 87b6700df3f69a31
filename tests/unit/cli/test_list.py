"""``zfstune list``: a table, exact numbers for scripts, and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_datasets_and_their_profiles(run: Run, tank: Heirs) -> None:
    """A dataset that no profile manages has a dash; -H leaves out the header."""
    tank.set("tank/a", {"org.zfstune:profile": "logs", "recordsize": "131072"})
    status, out, err = run("list")
    assert (status, err) == (0, "")
    header, *rows = [line.split() for line in out.splitlines()]
    assert header[:3] == ["NAME", "PROFILE", "RECORDSIZE"]
    assert [row[:3] for row in rows] == [
        ["tank", "-", "-"],
        ["tank/a", "logs", "128K"],
        ["tank/a/b", "-", "-"],
    ]
    _, out, _ = run("list", "-H", "-p", "tank/a")
    assert out.splitlines()[0].split("\t")[:3] == ["tank/a", "logs", "131072"]


def test_snapshots_say_who_made_them(run: Run, tank: Heirs) -> None:
    """A snapshot without zfstune's mark is somebody else's."""
    tank.take("tank/a", [2])
    tank.take("tank/a", [1], marked=False)
    status, out, _ = run("list", "-t", "snapshots", "--json", "tank/a")
    rows = json.loads(out)["snapshots"]
    assert status == 0
    assert [row["made_by"] for row in rows] == ["zfstune", None]
    assert [row["guid"] for row in rows] == ["1", "2"]
    _, out, _ = run("list", "-t", "snapshots", "tank/a")
    assert [line.split()[-1] for line in out.splitlines()] == ["BY", "zfstune", "-"]


def test_no_such_dataset(run: Run, tank: Heirs) -> None:
    """The error names it, and no part of a table is printed."""
    status, out, err = run("list", "tank/nosuch")
    assert (status, out) == (1, "")
    assert "'tank/nosuch'" in err
    assert tank.calls == []


def test_a_dataset_that_goes_meanwhile(run: Run, tank: Heirs) -> None:
    """One that is destroyed between two calls hides no snapshot of the others."""
    tank.take("tank", [1])
    tank.take("tank/a/b", [2])
    listed = tank.datasets
    tank.datasets = lambda *a, **o: [  # type: ignore[method-assign]
        *listed(*a, **o),
        replace(tank.dataset("tank/a"), name="tank/gone"),
    ]
    status, out, err = run("list", "-H", "-t", "snapshot")
    assert (status, err) == (0, "")
    assert [line.partition("@")[0] for line in out.splitlines()] == ["tank", "tank/a/b"]


def test_types_as_the_zfs_command_spells_them(run: Run, tank: Heirs) -> None:
    """Snapshot and all, singular and plural; of all, snapshots follow their dataset."""
    tank.take("tank/a", [1])
    assert run("list", "-t", "snapshot")[1] == run("list", "-t", "snapshots")[1]
    assert run("list", "-t", "filesystem,volume")[1] == run("list")[1]
    status, out, _ = run("list", "-t", "all")
    header, *rows = [line.split() for line in out.splitlines()]
    assert (status, header) == (0, ["NAME", "TYPE", "PROFILE", "USED", "REFER"])
    [taken] = tank.taken
    assert [row[:2] for row in rows] == [
        ["tank", "filesystem"],
        ["tank/a", "filesystem"],
        [taken, "snapshot"],
        ["tank/a/b", "filesystem"],
    ]
    found = json.loads(run("list", "-t", "all", "--json")[1])
    assert [len(found[kind]) for kind in ("datasets", "snapshots")] == [3, 1]
    assert json.loads(run("list", "-t", "snap", "--json")[1])["datasets"] is None
    assert run("list", "-t", "volume", "-H")[:2] == (0, "")
    status, _, err = run("list", "-t", "bookmarks")
    assert status == 2
    assert "there is no type 'bookmarks'" in err
