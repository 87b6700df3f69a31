"""Whole pools: what goes on in them, and what is done to their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import (
    BatchError,
    Busy,
    InvalidValue,
    NotFound,
    NotSupported,
)

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import EngineError

    Refusals = list[tuple[str, type[EngineError]]]


def pool_of(tree: str) -> str:
    """Return the pool that a tree lies in."""
    return tree.partition("/")[0]


def device_of(engine: Engine, pool: str) -> str:
    """Return the path of the pool's one device."""
    (vdev,) = engine.pool(pool).vdevs
    (device,) = vdev.devices
    return device


def refusals(caught: pytest.ExceptionInfo[BatchError]) -> Refusals:
    """Return each device that refused, and the kind of its error."""
    return [(error.target, type(error)) for error in caught.value.failures]


def test_a_scrub(engine: Engine, tree: str) -> None:
    """It is waited for, and is not stopped or paused when it is over."""
    pool = pool_of(tree)
    engine.sync(pool)
    engine.scrub(pool)
    engine.wait(pool, "scrub")
    assert engine.wait(pool, "scrub") is False
    for action in ("stop", "pause"):
        with pytest.raises(NotFound, match="not being scrubbed"):
            engine.scrub(pool, action)
    # spa_scan() in module/zfs/spa.c asks for it; the pool of an image is made without.
    if "head_errlog" in engine.pool(pool).features:
        engine.scrub(pool, errors_only=True)
        engine.wait(pool, "scrub")
    else:
        with pytest.raises(NotSupported, match=r"it takes OpenZFS 2\.2|lacks a feature"):
            engine.scrub(pool, errors_only=True)


def test_what_passes_the_devices(engine: Engine, tree: str) -> None:
    """A change is written to the one device, and counted there; nobody scrubs."""
    pool = pool_of(tree)
    before = engine.activity(pool)
    engine.set(tree, {"org.x:y": "z" * 1000})
    engine.sync(pool)
    after = engine.activity(pool)
    assert [device.path for device in after.devices] == [device_of(engine, pool)]
    assert after.written_bytes >= before.written_bytes + 1000
    assert after.devices[0].writes > before.devices[0].writes
    assert after.read_bytes >= before.read_bytes
    assert after.busy_with == ""
    with pytest.raises(NotFound):
        engine.activity("none-of-that-name")


def test_a_pool_has_one_checkpoint(engine: Engine, tree: str) -> None:
    """A second one is refused, and a discarded one is gone."""
    pool = pool_of(tree)
    engine.pool_checkpoint(pool)
    with pytest.raises(Busy, match="has a checkpoint"):
        engine.pool_checkpoint(pool)
    engine.discard_pool_checkpoint(pool)
    engine.wait(pool, "discard")
    with pytest.raises(NotFound, match="no checkpoint"):
        engine.discard_pool_checkpoint(pool)


def test_devices_are_trimmed(engine: Engine, tree: str) -> None:
    """A device that cannot, or is not of the pool, is refused by its name."""
    pool = pool_of(tree)
    device = device_of(engine, pool)
    engine.trim(pool, devices=[device], rate_bytes=1 << 40)
    engine.wait(pool, "trim", device=device)
    with pytest.raises(BatchError) as caught:
        engine.trim(pool, "suspend")
    assert refusals(caught) == [(device, NotFound)]
    with pytest.raises(BatchError, match="cannot do that"):
        engine.trim(pool, secure=True)
    with pytest.raises(InvalidValue, match="has none of that name"):
        engine.trim(pool, devices=["/none"])


def test_devices_are_initialized(engine: Engine, tree: str) -> None:
    """It goes on in the background, until somebody ends it."""
    pool = pool_of(tree)
    device = device_of(engine, pool)
    engine.initialize(pool, devices=[device])
    with pytest.raises(BatchError) as caught:
        engine.initialize(pool)
    assert refusals(caught) == [(device, Busy)]
    engine.initialize(pool, "cancel")
    assert engine.wait(pool, "initialize") is False
    with pytest.raises(BatchError) as caught:
        engine.initialize(pool, "cancel")
    assert refusals(caught) == [(device, NotFound)]
    if engine.limits.release < (2, 2):
        with pytest.raises(NotSupported, match=r"it takes OpenZFS 2\.2"):
            engine.initialize(pool, "uninit")


def test_what_a_boot_loader_keeps(engine: Engine, tree: str) -> None:
    """Names and values come back as they were set; the next ones replace them."""
    pool = pool_of(tree)
    engine.set_boot_environment(pool, {"org.x:y": "z", "number": 5})
    assert engine.boot_environment(pool) == {"version": 1, "org.x:y": "z", "number": 5}
    engine.set_boot_environment(pool, {"grub:envmap": "saved=1", "version": 0})
    assert engine.boot_environment(pool) == {"version": 0, "grub:envmap": "saved=1"}


def test_waiting_for_nothing(engine: Engine, tree: str) -> None:
    """What is not under way ends at once; a filesystem without deleted files as well."""
    pool = pool_of(tree)
    for activity in ("free", "replace", "remove", "resilver"):
        assert engine.wait(pool, activity) is False
    assert engine.wait_deleted(tree) is False


def test_a_pool_that_is_not_there(engine: Engine) -> None:
    """Each of the calls says so."""
    for call in (
        lambda: engine.sync("nopool"),
        lambda: engine.scrub("nopool"),
        lambda: engine.pool_checkpoint("nopool"),
        lambda: engine.trim("nopool"),
        lambda: engine.wait("nopool", "scrub"),
        lambda: engine.boot_environment("nopool"),
        lambda: engine.wait_deleted("nopool/a"),
    ):
        with pytest.raises(NotFound, match="does not exist"):
            call()


def test_words_and_numbers_of_pools(engine: Engine, tree: str) -> None:
    """A word that is none of the known ones is refused, with those."""
    pool = pool_of(tree)
    for call in (
        lambda: engine.scrub(pool, "resume"),
        lambda: engine.trim(pool, "uninit"),
        lambda: engine.wait(pool, "trims"),
        lambda: engine.prefetch(pool, "arc"),
        lambda: engine.prune_dedup(pool),
        lambda: engine.prune_dedup(pool, percent=101),
        lambda: engine.prune_dedup(pool, percent=1, older_than_s=1),
    ):
        with pytest.raises(InvalidValue, match=r"it must be|a percentage or an age"):
            call()
