"""``zfstune complete``: names for the completion of shells, and never a word too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.engine import open as opening
from zfstune.profiles.load import profile_names
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs
    from zfstune.values.state import Dataset, PoolInfo

    Run = Callable[..., tuple[int, str, str]]


def names(run: Run, *words: str) -> list[str]:
    """Return the names that are printed; nothing is said beside them."""
    status, out, err = run("complete", *words)
    assert (status, err) == (0, "")
    return out.splitlines()


def test_names_begin_with_the_word(run: Run, tank: Heirs) -> None:
    """Datasets, pools and profiles are told, each of them on a line."""
    assert names(run, "dataset", "tank/a") == ["tank/a", "tank/a/b"]
    assert names(run, "dataset", "tank/a/") == ["tank/a/b"]
    assert names(run, "dataset") == ["tank", "tank/a", "tank/a/b"]
    assert names(run, "pool", "t") == ["tank"]
    assert names(run, "profile", "post") == ["postgres"]
    assert "auto" in names(run, "role")
    assert names(run, "target") == [*profile_names(), "tank", "tank/a", "tank/a/b"]


def test_a_snapshot_is_completed_behind_its_dataset(run: Run, tank: Heirs) -> None:
    """Before the @ the datasets are offered, behind it the snapshots of that one."""
    tank.take_snapshots(["tank/a@one", "tank/a@two", "tank/a/b@other"])
    assert names(run, "snapshot", "tank/a") == ["tank/a@", "tank/a/b@"]
    assert names(run, "snapshot", "tank/a@") == ["tank/a@one", "tank/a@two"]
    assert names(run, "snapshot", "tank/a@t") == ["tank/a@two"]


@pytest.mark.usefixtures("_no_zfs")
def test_silent_without_zfs(run: Run) -> None:
    """A machine without ZFS has no names, and no error stands in the user's line."""
    assert names(run, "dataset", "tank") == []
    assert names(run, "snapshot", "tank/a@") == []
    assert "web" in names(run, "profile")


def test_silent_where_nothing_is(run: Run, tank: Heirs) -> None:
    """A dataset that is not there and a word that is no name have no completions."""
    assert names(run, "snapshot", "tank/nosuch@") == []
    assert names(run, "dataset", "no such/thing") == []
    assert names(run, "snapshot", "@") == []


class Suspended(FakeEngine):
    """A pool that lost its devices: a read from it would wait without end."""

    def pool(self, name: str) -> PoolInfo:
        """Say that it is suspended."""
        return replace(super().pool(name), suspended=True)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Wait without end."""
        raise AssertionError((root, recursive))


def test_a_suspended_pool_is_left_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from a pool that would keep the shell waiting."""
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: Suspended("tank"))
    assert names(run, "dataset", "ta") == []
    assert names(run, "snapshot", "tank@") == []


def test_no_help_lists_it(run: Run) -> None:
    """The verb is for programs."""
    assert "complete" not in run("--help")[1].split()
