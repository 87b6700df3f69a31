"""Exports: whole or not there, as a stream with its manifest or as a disk."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.clones.export import export_disk, export_image
from zfstune.values.errors import AlreadyExists, EngineError, PlanError

if TYPE_CHECKING:
    from clone_engine import CloneEngine
    from zfstune.streams.progress import SendProgress


def test_the_manifest_says_what_the_stream_is(sealed: CloneEngine, tmp_path: Path) -> None:
    """Its length, its SHA-256, and the digest of what it holds; nobody else reads it."""
    folder = tmp_path / "out"
    manifest = export_image("tank/disk", str(folder), engine=sealed.zfs)
    data = (folder / "stream.zfs").read_bytes()
    assert (len(data), sha256(data).hexdigest()) == (
        manifest.stream_bytes,
        manifest.stream_sha256,
    )
    assert (folder / "manifest.json").read_text() == manifest.to_json()
    assert manifest.guid == sealed.taken["tank/disk@golden"].guid
    assert manifest.digest.startswith("zfstune-content-1")
    assert manifest.properties == {"readonly": "on", "volsize": "65536"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sealed.changes == []


def test_a_disk_is_sparse_and_whole(sealed: CloneEngine, tmp_path: Path) -> None:
    """As large as the volume."""
    path = tmp_path / "disk.raw"
    sealed.blocks["tank/disk"][32768] = bytes(16384)
    assert export_disk("tank/disk", str(path), engine=sealed.zfs) == 65536
    assert path.read_bytes() == bytes(16384) + b"x" * 16384 + bytes(32768)
    assert path.stat().st_blocks * 512 < 65536


def test_a_filesystem_is_no_disk(sealed: CloneEngine, tmp_path: Path) -> None:
    """The hint says what can be exported."""
    with pytest.raises(PlanError, match="it is a filesystem") as caught:
        export_disk("tank/node", str(tmp_path / "x"), engine=sealed.zfs)
    assert caught.value.hint.endswith("zfstune golden export tank/node FOLDER")


def test_nothing_is_written_over(sealed: CloneEngine, tmp_path: Path) -> None:
    """Neither a file nor a folder, nor a link."""
    path = tmp_path / "mine"
    path.symlink_to("nowhere")
    for write in (export_image, export_disk):
        with pytest.raises(AlreadyExists):
            write("tank/disk", str(path), engine=sealed.zfs)
    with pytest.raises(PlanError, match="No such file or directory"):
        export_image("tank/disk", str(tmp_path / "none" / "x"), engine=sealed.zfs)


def test_a_file_that_appears_meanwhile_stays(
    sealed: CloneEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no draft is left beside it."""
    path = tmp_path / "disk.raw"
    send = sealed.send

    def slow(*args: Any, **how: Any) -> None:
        path.write_text("mine")
        send(*args, **how)

    monkeypatch.setattr(sealed, "send", slow)
    with pytest.raises(AlreadyExists):
        export_disk("tank/disk", str(path), engine=sealed.zfs)
    assert path.read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("write", [export_image, export_disk])
def test_a_send_that_fails_leaves_nothing(
    sealed: CloneEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    """No draft either."""
    before = sorted(tmp_path.iterdir())

    def send(snapshot: str, fd: int, **how: Any) -> None:
        Path(f"/dev/fd/{fd}").write_bytes(b"\0" * 100)  # the reader waits for more
        raise EngineError(operation="send", target=snapshot, reason=f"no {how and 1}")

    monkeypatch.setattr(sealed, "send", send)
    with pytest.raises(EngineError, match="cannot send 'tank/disk@golden'"):
        write("tank/disk", str(tmp_path / "out"), engine=sealed.zfs)
    assert sorted(tmp_path.iterdir()) == before


def test_an_image_without_its_snapshot(sealed: CloneEngine, tmp_path: Path) -> None:
    """There is nothing to export."""
    sealed.tags.clear()
    sealed.destroy_snapshots(["tank/disk@golden"])
    with pytest.raises(PlanError, match="its sealed snapshot is gone"):
        export_image("tank/disk", str(tmp_path / "out"), engine=sealed.zfs)


@pytest.mark.parametrize("disk", [False, True])
def test_progress(
    sealed: CloneEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, disk: bool
) -> None:
    """Bytes of all readings are told, of those that are expected."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    told: list[SendProgress] = []
    target = str(tmp_path / "target")
    if disk:
        export_disk("tank/disk", target, engine=sealed.zfs, on_progress=told.append)
        assert told[-1].total_bytes == 65536
    else:
        export_image("tank/disk", target, engine=sealed.zfs, on_progress=told.append)
        assert told[-1].total_bytes == 2000
    assert told[-1].done_bytes > 0
