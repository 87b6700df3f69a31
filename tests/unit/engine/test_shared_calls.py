"""The calls that change: checks first, one call into C, a line of history after it."""

from __future__ import annotations

import errno

import pytest

from scripted_binding import VOLUME, ScriptedBinding, row
from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    InvalidName,
    InvalidProperty,
    NoSpace,
    NotFound,
    RefusedValue,
)


def test_a_change_is_in_the_history() -> None:
    """Each change writes one line of history, in the form of a command."""
    binding = ScriptedBinding()
    engine = binding.engine()
    engine.create("tank/a", properties={"compression": "lz4"})
    engine.rename("tank/a", "tank/b")
    engine.take_snapshots(["tank/b@1", "tank/b@2"])
    engine.hold(["tank/b@1"], "tag")
    engine.rollback("tank/b@2")
    engine.destroy("tank/b")
    assert binding.history() == [
        "zfstune create -o compression=lz4 tank/a",
        "zfstune rename tank/a tank/b",
        "zfstune snapshot tank/b@1,2",
        "zfstune hold tag tank/b@1",
        "zfstune rollback tank/b@2",
        "zfstune destroy tank/b",
    ]


def test_a_failure_is_not_in_the_history() -> None:
    """The pool's history has only changes that were made."""
    binding = ScriptedBinding(zt_create=errno.EEXIST, zt_destroy=errno.EBUSY)
    with pytest.raises(AlreadyExists, match="cannot create 'tank/a'"):
        binding.engine().create("tank/a")
    with pytest.raises(Busy, match="cannot destroy 'tank/a'"):
        binding.engine().destroy("tank/a")
    assert binding.history() == []


@pytest.mark.parametrize("name", ["tank", "tank/a b/", "tank/a@1", ""])
def test_a_bad_name_never_reaches_c(name: str) -> None:
    """Neither a pool nor a name that no dataset can have is created."""
    binding = ScriptedBinding()
    with pytest.raises(InvalidName):
        binding.engine().create(name)
    assert binding.asked == []


def test_parents_are_created_first() -> None:
    """Only missing parents are created, from the top down."""
    binding = ScriptedBinding(
        zt_stats=lambda name: (0 if name == "tank/a" else errno.ENOENT, None)
    )
    binding.engine().create("tank/a/b/c", parents=True)
    created = [args[0] for name, args in binding.asked if name == "zt_create"]
    assert created == ["tank/a/b", "tank/a/b/c"]


def test_each_target_at_fault_is_named() -> None:
    """A batch that fails has an error for each snapshot that ZFS named."""
    errors = {"tank/a@1": errno.EEXIST}
    binding = ScriptedBinding(zt_snapshot=(errno.EEXIST, errors))
    with pytest.raises(BatchError) as caught:
        binding.engine().take_snapshots(["tank/a@1", "tank/b@1"])
    assert [type(failure) for failure in caught.value.failures] == [AlreadyExists]
    assert binding.history() == []


def test_a_release_that_misses_a_hold_is_no_success() -> None:
    """A release is an error if a hold is missing, though the kernel returns 0."""
    errors = {"tank/a@1#tag": errno.ENOENT}
    binding = ScriptedBinding(zt_release=(0, errors))
    with pytest.raises(BatchError) as caught:
        binding.engine().release(["tank/a@1", "tank/a@2"], "tag")
    (failure,) = caught.value.failures
    assert isinstance(failure, NotFound)
    assert failure.target == "tank/a@1"
    assert binding.history() == ["zfstune release tag tank/a@2"]


def test_an_empty_batch_asks_nothing() -> None:
    """An empty batch makes no call, and writes no line of history."""
    binding = ScriptedBinding()
    binding.engine().destroy_snapshots([])
    binding.engine().destroy_bookmarks([])
    assert binding.asked == []


def test_the_property_at_fault_is_named() -> None:
    """The message has name and value of the one property that the kernel refused."""
    binding = ScriptedBinding(
        zt_stats=(0, row("tank/a")), zt_set=(errno.EINVAL, {"atime": errno.EINVAL})
    )
    with pytest.raises(RefusedValue, match="atime=off"):
        binding.engine().set("tank/a", {"compression": "lz4", "atime": "off"})
    with pytest.raises(InvalidProperty):
        binding.engine().set("tank/a", {"nonsense": "1"})


def test_size_and_reservation_change_together() -> None:
    """The old size and reservation are set again where the kernel refuses the new ones."""
    size, block = 1 << 30, 16 << 10
    answers = iter([(errno.ENOSPC, {"refreservation": errno.ENOSPC}), (0, None)])
    config = {"pool_guid": 1, "vdev_tree": {"children": [{"type": "disk", "ashift": 12}]}}
    binding = ScriptedBinding(zt_pool_config=(0, config), zt_set=lambda *_: next(answers))
    engine = binding.engine()
    created = engine._new_values("tank/v", {"volsize": "1G"}, volume=True)
    automatic = int(created["refreservation"])
    volume = row("tank/v", 1, VOLUME, volsize=size, volblocksize=block)
    volume[6]["refreservation"] = {"value": automatic}
    binding.answers["zt_stats"] = (0, volume)
    with pytest.raises(NoSpace):
        engine.set("tank/v", {"volsize": "2G"})
    wanted, restored = (args[1] for name, args in binding.asked if name == "zt_set")
    assert wanted["volsize"] == 2 * size
    assert wanted["refreservation"] > automatic
    assert restored == {"volsize": size, "refreservation": automatic}


def test_a_promotion_names_the_snapshot_in_the_way() -> None:
    """A promotion that fails names the snapshot in the way, as the kernel does."""
    binding = ScriptedBinding(
        zt_stats=(0, row("tank/c")), zt_promote=(errno.EEXIST, "tank/c@1")
    )
    with pytest.raises(AlreadyExists, match="tank/c@1"):
        binding.engine().promote("tank/c")


def test_a_block_closes_its_engine() -> None:
    """The binding is closed however the block ends."""
    binding = ScriptedBinding()
    with pytest.raises(ZeroDivisionError), binding.engine():
        raise ZeroDivisionError
    assert binding.asked == [("close", ())]
