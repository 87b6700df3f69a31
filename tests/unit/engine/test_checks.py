"""Checks that are made before ZFS is asked."""

from __future__ import annotations

import errno

import pytest

from scripted_binding import VOLUME, ScriptedBinding, row
from zfstune.engine import _checks
from zfstune.values.errors import (
    AlreadyExists,
    InvalidName,
    InvalidProperty,
    NotFound,
    RefusedValue,
)


def test_names_of_datasets_and_snapshots() -> None:
    """Names of datasets and snapshots are taken, and those of bookmarks are refused."""
    assert _checks.check_name("tank/a") == "tank/a"
    assert _checks.check_name("tank/a@1") == "tank/a@1"
    for name in ("tank/a#1", "tank/a@", "/tank"):
        with pytest.raises(InvalidName):
            _checks.check_name(name)


def test_a_pool_is_no_dataset_to_change() -> None:
    """A pool is created and destroyed by zpool, and the message says so."""
    assert _checks.check_below_pool("destroy", "tank/a") == "tank/a"
    with pytest.raises(InvalidName, match="cannot destroy 'tank': it is a pool") as caught:
        _checks.check_below_pool("destroy", "tank")
    assert "zpool destroy" in caught.value.hint


def test_the_parent_of_a_clone() -> None:
    """A clone's parent must exist and be a filesystem, though the kernel takes a volume."""
    binding = ScriptedBinding(zt_stats=(0, row("tank/v", kind=VOLUME)))
    with pytest.raises(RefusedValue, match="its parent is not a filesystem"):
        _checks.check_clone_parent(binding.engine(), "tank/v/c")
    binding.answers["zt_stats"] = (errno.ENOENT, None)
    with pytest.raises(NotFound):
        _checks.check_clone_parent(binding.engine(), "tank/v/c")
    binding.answers["zt_stats"] = (0, row("tank"))
    _checks.check_clone_parent(binding.engine(), "tank/c")


def promotion(*, on_clone: list[str], on_origin: dict[str, int]) -> None:
    """Check the promotion of a clone of a snapshot with createtxg 10."""

    def marks(dataset: str) -> tuple[int, dict[str, dict[str, dict[str, int]]]]:
        ages = dict.fromkeys(on_clone, 11) if dataset == "tank/c" else on_origin
        return 0, {
            name: {
                "guid": {"value": 1},
                "createtxg": {"value": t},
                "creation": {"value": 1},
            }
            for name, t in ages.items()
        }

    def stats(name: str) -> tuple[int, list[object]]:
        return 0, row(name, 10, origin="tank/a@1") if name == "tank/c" else row(name, 10)

    binding = ScriptedBinding(zt_stats=stats, zt_get_bookmarks=marks)
    _checks.check_promotion(binding.engine(), "tank/c")


def test_bookmarks_that_would_meet() -> None:
    """A promotion is refused if it moves a bookmark to a clone that has one of its name."""
    with pytest.raises(AlreadyExists, match="#b"):
        promotion(on_clone=["b"], on_origin={"b": 10})


@pytest.mark.parametrize(
    ("on_clone", "on_origin"),
    [([], {"b": 5}), (["a"], {"b": 5}), (["b"], {"b": 11})],
    ids=["none", "another name", "younger than the origin"],
)
def test_bookmarks_that_stay_apart(on_clone: list[str], on_origin: dict[str, int]) -> None:
    """Bookmarks of other names are no obstacle, and neither is a younger one."""
    promotion(on_clone=on_clone, on_origin=on_origin)


@pytest.mark.parametrize("received", [False, True])
def test_what_can_be_inherited(*, received: bool) -> None:
    """User properties and inheritable native ones; no number that ZFS only shows."""
    for name in ("compression", "org.example:note", "mountpoint"):
        _checks.check_inheritable(name, received=received)
    for name, words in (
        ("used", "never inherited"),
        ("utf8only", "never inherited"),
        ("volsize", "never inherited"),
        ("version", "never inherited"),
        ("nonsense", "no such property"),
    ):
        with pytest.raises(InvalidProperty, match=words):
            _checks.check_inheritable(name, received=received)


@pytest.mark.parametrize("name", ["quota", "canmount", "refreservation"])
def test_a_received_value_comes_back_that_no_child_inherits(name: str) -> None:
    """A stream may have brought a value of these, which `zfs inherit -S` brings back."""
    _checks.check_inheritable(name, received=True)
    with pytest.raises(InvalidProperty, match="never inherited"):
        _checks.check_inheritable(name, received=False)
