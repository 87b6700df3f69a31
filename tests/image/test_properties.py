"""Properties on an image: what its libzpool takes, and what apply makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.errors import NotSupported

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine


@pytest.mark.parametrize("word", ["some", "none"])
def test_words_that_came_with_a_patch_release(engine: ImageEngine, word: str) -> None:
    """2.1.7 brought them: an image of a later libzpool takes them, as zfs does."""
    engine.create("tank/a", properties={"redundant_metadata": word})
    assert engine.dataset("tank/a").local("redundant_metadata") == word
    engine.set("tank/a", {"redundant_metadata": "all"})
    engine.set("tank/a", {"redundant_metadata": word})
    assert engine.dataset("tank/a").local("redundant_metadata") == word


def test_properties_that_came_with_a_patch_release(engine: ImageEngine) -> None:
    """What this libzpool has not, it has not; 2.2.4 brought prefetch."""
    if engine.limits.release >= (2, 2, 4):
        engine.set("tank", {"prefetch": "metadata"})
        assert engine.dataset("tank").local("prefetch") == "metadata"
    else:
        with pytest.raises(
            zfstune.InvalidProperty, match=r"it needs OpenZFS 2\.2\.4 or later"
        ):
            engine.set("tank", {"prefetch": "metadata"})


@pytest.mark.parametrize("version", ["1", "2", "3", "4"])
def test_filesystems_of_old_versions(engine: ImageEngine, version: str) -> None:
    """Their layout is not written here, and that is what the error says."""
    with pytest.raises(NotSupported, match="version 5 only"):
        engine.create("tank/a", properties={"version": version})
    assert not engine.exists("tank/a")
    engine.create("tank/a", properties={"version": "5"})


# Each without a source of its own, or spelled in another way than it is stored.
@pytest.mark.parametrize(
    "option", ["version=5", "quota=none", "refquota=none", "canmount=on", "sync=standard"]
)
def test_apply_settles(engine: ImageEngine, option: str) -> None:
    """What was set is there the second time: nothing to do, and no drift."""
    name, _, value = option.partition("=")
    asked = {name: value}
    first = zfstune.apply("logs", properties=asked, owner=False, engine=engine)
    assert first.plan.actions
    assert zfstune.plan("logs", properties=asked, owner=False, engine=engine).actions == ()
    found = [f.to_dict() for d in zfstune.verify(engine=engine) for f in d.findings]
    states = {f["state"] for f in found if f["property"] == name}
    assert states <= {"overridden"}


def test_guids_in_json_are_text(engine: ImageEngine) -> None:
    """A reader that takes numbers for floats, as jq does, would round them."""
    engine.create("tank/a")
    for number in range(3):
        engine.take_snapshots([f"tank/a@{number}"])
    pruned = zfstune.prune("tank/a", keep=1, match="*", dry_run=True, engine=engine)
    snapshots = json.loads(json.dumps(pruned.to_dict()))["snapshots"]
    assert {s["name"]: s["guid"] for s in snapshots} == {
        s.name: str(s.guid) for s in engine.snapshots("tank/a")
    }


@pytest.mark.parametrize(
    "note", ['{"quota":"%s"}', '{"quota":%s}', '{"recordsize":"%s"}', '{"unheard_of":"%s"}']
)
def test_notes_with_digits_without_end(engine: ImageEngine, note: str) -> None:
    """Python reads no more than 4,300 digits at once, and a note may hold 8,000."""
    zfstune.apply("logs", owner=False, engine=engine)
    engine.set("tank/data/logs", {"org.zfstune:applied": note % ("9" * 5000)})
    for document in (
        zfstune.verify(engine=engine).to_dict(),
        zfstune.plan("logs", owner=False, engine=engine).to_dict(),
    ):
        assert json.dumps(document)
    for verdict in zfstune.verify(engine=engine):
        assert all(len(finding.note) < 2000 for finding in verdict.findings)


def test_numbers_without_end(engine: ImageEngine) -> None:
    """A number or text that no property holds is refused as any other."""
    for value in (10**5000, "9" * 5000, 2**64, -(10**5000)):
        with pytest.raises(zfstune.InvalidProperty):
            engine.set("tank", {"quota": value})  # type: ignore[dict-item]
    with pytest.raises(zfstune.InvalidProperty, match="does not fit 64 bits"):
        engine.create("tank/v", volume=True, properties={"volsize": str(2**64 - 1)})
