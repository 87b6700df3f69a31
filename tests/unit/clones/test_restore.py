"""Restoring: an export that was cut or changed makes nothing, or leaves nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clone_engine import CloneEngine, Killed
from zfstune.clones import restore as restoring
from zfstune.clones.create import create
from zfstune.clones.export import export_image
from zfstune.clones.restore import restore
from zfstune.clones.seal import HOLD_TAG
from zfstune.clones.survey import find_image
from zfstune.values.errors import (
    Damaged,
    InvalidProperty,
    InvalidValue,
    NotFound,
    PlanError,
    ZfstuneError,
)

if TYPE_CHECKING:
    from pathlib import Path

    Exported = tuple[CloneEngine, Path]

    from zfstune.streams.progress import SendProgress


@pytest.fixture
def folder(sealed: CloneEngine, tmp_path: Path) -> Path:
    """Give an export of tank/disk."""
    export_image("tank/disk", str(tmp_path / "out"), engine=sealed.zfs)
    return tmp_path / "out"


def change(folder: Path, **values: Any) -> None:
    """Change values of a manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_it_is_the_same_image(sealed: CloneEngine, folder: Path) -> None:
    """Inert, held, with the guid and the content; a second run changes nothing."""
    restore(str(folder), "tank/back", engine=sealed.zfs)
    image = find_image(sealed.zfs, "tank/back", "read")
    assert image.state == "sealed"
    assert image.seal.guid == sealed.taken["tank/disk@golden"].guid
    assert sealed.blocks["tank/back"] == sealed.blocks["tank/disk"]
    assert sealed.local["tank/back"]["volmode"] == "none"
    sealed.changes.clear()
    plan = restore(str(folder), "tank/back", engine=sealed.zfs)
    assert plan.lines() == ["tank/back is this image already"]
    assert sealed.changes == []


@pytest.mark.parametrize("left", [0, 1])
def test_it_converges(sealed: CloneEngine, folder: Path, left: int) -> None:
    """An image that arrived and was not checked yet is checked by the next run."""
    sealed.left = left
    with pytest.raises(Killed):
        restore(str(folder), "tank/back", engine=sealed.zfs)
    sealed.left = None
    if left:
        assert find_image(sealed.zfs, "tank/back", "read").state == "unheld"
    plan = restore(str(folder), "tank/back", engine=sealed.zfs)
    assert plan.lines()[-2].startswith("compare its content with zfstune-content-1")
    assert find_image(sealed.zfs, "tank/back", "read").state == "sealed"


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory,
) -> Exported:
    """Give a pool and an export that examples share."""
    folder = tmp_path_factory.mktemp("restore")
    engine = CloneEngine(folder)
    engine.add("tank/disk", size=65536)
    engine.blocks["tank/disk"] = {16384: b"x" * 16384}
    create("tank/disk", engine=engine.zfs)
    export_image("tank/disk", str(folder / "out"), engine=engine.zfs)
    engine.changes.clear()
    return engine, folder / "out"


@given(st.data())
def test_a_cut_or_changed_stream_makes_nothing(
    exported: Exported, data: st.DataObject
) -> None:
    """Wherever it was cut or changed, or grew."""
    engine, folder = exported
    path = folder / "stream.zfs"
    whole = path.read_bytes()
    changed = bytearray(whole)
    if data.draw(st.booleans()):
        changed[data.draw(st.integers(0, len(whole) - 1))] ^= 1
    else:
        changed = (changed + b"x")[: data.draw(st.integers(0, len(whole) + 1))]
    if changed == whole:
        return
    try:
        path.write_bytes(changed)
        with pytest.raises(Damaged, match="cannot restore from"):
            restore(str(folder), "tank/back", engine=engine.zfs)
    finally:
        path.write_bytes(whole)
    assert engine.changes == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"digest": "zfstune-content-1:" + "0" * 64}, "its content is not that of"),
        ({"guid": 5}, "another snapshot has arrived"),
    ],
)
def test_what_arrives_and_is_another_thing_goes(
    sealed: CloneEngine, folder: Path, values: dict[str, Any], reason: str
) -> None:
    """Somebody wrote a manifest that fits its stream, and not its content."""
    change(folder, **values)
    with pytest.raises(Damaged, match=reason):
        restore(str(folder), "tank/back", engine=sealed.zfs)
    assert "tank/back" not in sealed.kinds


def test_what_was_there_before_stays(sealed: CloneEngine, folder: Path) -> None:
    """A manifest that lies destroys no image that happens to be without its hold."""
    change(folder, digest="zfstune-content-1:" + "0" * 64)
    sealed.zfs.release(["tank/disk@golden"], HOLD_TAG)
    sealed.changes.clear()
    with pytest.raises(Damaged, match="its content is not that of") as caught:
        restore(str(folder), "tank/disk", engine=sealed.zfs)
    assert caught.value.hint == "it was there before and stays; restore to another name"
    assert "tank/disk" in sealed.kinds
    assert sealed.changes == []


def test_a_property_that_nobody_knows_counts_for_nothing(
    sealed: CloneEngine, folder: Path
) -> None:
    """It may be one of a later OpenZFS."""
    seen: dict[str, Any] = {}
    receive = sealed.receive

    def noting(*args: Any, **how: Any) -> None:
        seen.update(how)
        receive(*args, **how)

    sealed.receive = noting  # type: ignore[method-assign]
    change(folder, properties={"sometime": "on", "": "x", "quota": "1G"})
    restore(str(folder), "tank/back", engine=sealed.zfs)
    assert seen["excluded"] == ("quota",)


def test_a_manifest_sets_nothing_that_reaches_out(
    sealed: CloneEngine, folder: Path
) -> None:
    """Of its properties only those that say how blocks are stored are taken."""
    seen: dict[str, Any] = {}
    receive = sealed.receive

    def noting(*args: Any, **how: Any) -> None:
        seen.update(how)
        receive(*args, **how)

    sealed.receive = noting  # type: ignore[method-assign]
    change(folder, properties={"compression": "zstd", "volmode": "dev", "quota": "1G"})
    restore(str(folder), "tank/back", engine=sealed.zfs)
    assert seen["received"] == {"compression": "zstd"}
    assert seen["properties"]["volmode"] == "none"


def test_names_and_choices_are_checked_first(sealed: CloneEngine, folder: Path) -> None:
    """And a dry run ends there, with the stream read."""
    for name, error in (("tank/node", PlanError), ("tank/no/x", NotFound)):
        with pytest.raises(error):
            restore(str(folder), name, engine=sealed.zfs)
    with pytest.raises(InvalidProperty):
        restore(str(folder), "tank/x", properties={"volsize": "1G"}, engine=sealed.zfs)
    plan = restore(str(folder), "tank/x", dry_run=True, engine=sealed.zfs)
    assert plan.lines()[0].startswith("receive tank/x@golden")
    assert plan.to_dict()["receive"] is True
    (folder / "stream.zfs").write_bytes(b"x")
    with pytest.raises(Damaged):
        restore(str(folder), "tank/x", dry_run=True, engine=sealed.zfs)
    assert sealed.changes == []


@pytest.mark.parametrize("name", ["manifest.json", "stream.zfs"])
@pytest.mark.parametrize("kind", ["gone", "link", "folder"])
def test_files_that_are_none(
    sealed: CloneEngine, folder: Path, name: str, kind: str
) -> None:
    """A link may lead to any file of this machine; it is not followed."""
    (folder / name).rename(folder / "old")
    if kind == "link":
        (folder / name).symlink_to(folder / "old")
    elif kind == "folder":
        (folder / name).mkdir()
    with pytest.raises(PlanError, match="cannot restore"):
        restore(str(folder), "tank/back", engine=sealed.zfs)


def test_a_manifest_that_is_too_large(
    sealed: CloneEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read in part, and is no JSON then."""
    monkeypatch.setattr(restoring, "_MOST_CHARACTERS", 50)
    with pytest.raises(InvalidValue, match="it is no JSON"):
        restore(str(folder), "tank/back", engine=sealed.zfs)
    with pytest.raises(ZfstuneError):
        restore(str(folder), "tank/a@b", engine=sealed.zfs)


def test_progress(
    sealed: CloneEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream is read twice, and then what has arrived is read again."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    told: list[SendProgress] = []
    restore(str(folder), "tank/back", engine=sealed.zfs, on_progress=told.append)
    length = (folder / "stream.zfs").stat().st_size
    assert told[0].total_bytes == 2 * length
    assert told[-1].total_bytes == 2 * length + 1000
    assert told[-1].done_bytes > 2 * length
    assert told[-1].comparing
