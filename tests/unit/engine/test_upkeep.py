"""The calls for whole pools, over a binding that answers from a table."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from scripted_binding import ScriptedBinding
from zfstune.engine._pool import leaf_guids
from zfstune.values.errors import BatchError, Busy, InvalidValue, NotSupported, RefusedValue

LEAF = {"type": "file"}
CONFIG: dict[str, Any] = {
    "vdev_tree": {
        "children": [
            {
                "type": "mirror",
                "children": [
                    {**LEAF, "path": "/a", "guid": 1},
                    {**LEAF, "path": "/b", "guid": 2},
                ],
            },
            {"type": "hole", "guid": 3},
        ]
    }
}


def binding_of(**answers: Any) -> ScriptedBinding:
    """Return a binding whose pool has two devices."""
    return ScriptedBinding(zt_pool_config=(0, CONFIG), **answers)


def calls(binding: ScriptedBinding, function: str) -> list[tuple[Any, ...]]:
    """Return the arguments of each call of a function."""
    return [args for name, args in binding.asked if name == function]


def test_the_devices_of_a_pool() -> None:
    """Those that hold data, by their paths; a hole is none."""
    assert leaf_guids(CONFIG) == {"/a": 1, "/b": 2}
    assert leaf_guids({"vdev_tree": {}}) == {}


def test_a_wait_goes_on_after_a_signal() -> None:
    """A signal whose handler raises nothing does not end the wait."""
    answers = [(errno.EINTR, None), (errno.EINTR, None), (0, 1)]
    binding = binding_of(zt_wait=lambda *_: answers.pop(0))
    assert binding.engine().wait("tank", "trim", device="/b") is True
    assert calls(binding, "zt_wait") == [("tank", 7, 2)] * 3
    assert binding.history() == []


def test_a_signal_may_end_a_wait() -> None:
    """What a handler raises between two rounds comes out."""
    told: list[str] = []

    def interrupted(*_: object) -> tuple[int, None]:
        told.append("once")
        if len(told) > 1:
            raise KeyboardInterrupt
        return errno.EINTR, None

    with pytest.raises(KeyboardInterrupt):
        binding_of(zt_wait=interrupted).engine().wait("tank", "scrub")
    assert len(told) == 2


def test_a_paused_scrub_goes_on() -> None:
    """The kernel says ECANCELED where it started no new scrub; to pause it is an error."""
    binding = binding_of(zt_scrub=errno.ECANCELED)
    engine = binding.engine()
    engine.scrub("tank")
    with pytest.raises(Exception, match="cannot stop the scrub of 'tank'"):
        engine.scrub("tank", "stop")
    assert binding.history() == ["zfstune scrub tank"]


@pytest.mark.parametrize(
    ("action", "numbers", "line"),
    [("start", (1, 0), ""), ("pause", (1, 1), "-p "), ("stop", (0, 0), "-s ")],
)
def test_actions_of_a_scrub(action: str, numbers: tuple[int, int], line: str) -> None:
    """Each is what `zpool scrub` sends for it, and the line says the same."""
    binding = binding_of()
    binding.engine().scrub("tank", action)
    assert calls(binding, "zt_scrub") == [("tank", *numbers)]
    assert binding.history() == [f"zfstune scrub {line}tank"]


def test_a_scrub_of_known_errors() -> None:
    """It is another kind of scan; to stop one is the same for both."""
    binding = binding_of()
    engine = binding.engine()
    engine.scrub("tank", errors_only=True)
    engine.scrub("tank", "stop", errors_only=True)
    assert calls(binding, "zt_scrub") == [("tank", 3, 0), ("tank", 0, 0)]


def test_one_device_of_many_that_cannot_be_trimmed() -> None:
    """Nobody named it, so the others are trimmed; all of them, or a named one, fail."""
    one = {"trim_vdevs": {"2": errno.EOPNOTSUPP}}
    binding = binding_of(zt_trim=(errno.EINVAL, one))
    engine = binding.engine()
    engine.trim("tank")
    assert calls(binding, "zt_trim") == [("tank", 0, 0, 0, {"/a": 1, "/b": 2})]
    for options in ({"devices": ["/b"]}, {"secure": True}):
        with pytest.raises(BatchError) as caught:
            engine.trim("tank", **options)
        assert [e.target for e in caught.value.failures] == ["/b"]
        assert isinstance(caught.value.failures[0], NotSupported)
    one["trim_vdevs"]["1"] = errno.EOPNOTSUPP
    with pytest.raises(BatchError, match="2 of the targets"):
        engine.trim("tank")
    one["trim_vdevs"]["1"] = errno.EBUSY
    with pytest.raises(BatchError, match="under way already"):
        engine.trim("tank")
    assert binding.history() == ["zfstune trim tank"]


def test_an_error_of_no_device() -> None:
    """What the kernel says about the whole call is told about the pool."""
    binding = binding_of(zt_initialize=(errno.EINVAL, None))
    with pytest.raises(RefusedValue, match="cannot initialize 'tank'"):
        binding.engine().initialize("tank", "uninit")
    with pytest.raises(InvalidValue, match="'/c': the pool 'tank' has none") as caught:
        binding.engine().initialize("tank", devices=["/a", "/c"])
    assert "zpool status -P tank" in caught.value.hint
    assert len(calls(binding, "zt_initialize")) == 1


def test_entries_of_the_dedup_table() -> None:
    """By percentage, or by age: never both, and never neither."""
    binding = binding_of()
    engine = binding.engine()
    engine.prune_dedup("tank", percent=5)
    engine.prune_dedup("tank", older_than_s=600)
    assert calls(binding, "zt_ddt_prune") == [("tank", 2, 5), ("tank", 1, 600)]
    for wrong in ({}, {"percent": 1, "older_than_s": 1}, {"percent": 101}):
        with pytest.raises(InvalidValue):
            engine.prune_dedup("tank", **wrong)


def test_properties_of_a_device() -> None:
    """Numbers go as numbers, what people write themselves as text."""
    found = {"size": {"value": 5, "source": ""}, "org.x:y": {"value": "z"}, "odd": {}}
    binding = binding_of(zt_get_vdev_prop=(0, found))
    engine = binding.engine()
    assert engine.device_properties("tank", "/a") == {"size": 5, "org.x:y": "z"}
    wanted = {"checksum_n": "10", "allocating": "on", "failfast": "off", "org.x:y": "7"}
    engine.set_device_properties("tank", "/b", wanted)
    (((pool, passed)),) = calls(binding, "zt_set_vdev_prop")
    assert (pool, passed["vdevprops_set_vdev"]) == ("tank", 2)
    values = {"checksum_n": 10, "allocating": 1, "failfast": 0, "org.x:y": "7"}
    assert passed["vdevprops_set_props"] == values
    with pytest.raises(InvalidValue, match="a number, on or off"):
        engine.set_device_properties("tank", "/b", {"checksum_n": "ten"})


def test_a_release_that_lacks_a_call() -> None:
    """The kernel's number for an unknown call, and an image's for none, have words."""
    for code, words in ((1029, "this release of the module"), (errno.ENOSYS, "an image")):
        with pytest.raises(NotSupported, match=words):
            binding_of(zt_prefetch=code).engine().prefetch("tank")


def test_a_checkpoint_is_in_the_history() -> None:
    """As `zpool checkpoint` words it; a refused one is not."""
    binding = binding_of()
    engine = binding.engine()
    engine.pool_checkpoint("tank")
    engine.discard_pool_checkpoint("tank")
    binding.answers["zt_pool_checkpoint"] = 1024
    with pytest.raises(Busy, match="has a checkpoint"):
        engine.pool_checkpoint("tank")
    assert binding.history() == [
        "zfstune checkpoint tank",
        "zfstune checkpoint -d tank",
    ]
