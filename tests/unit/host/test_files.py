"""Files of zfstune's own: where they are, and how they are read and replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from zfstune.host import files
from zfstune.host.files import (
    cache_folder,
    make_cache_folder,
    read_plain,
    replace_file,
    state_folder,
    write_file,
)
from zfstune.values.errors import PlanError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """A reader that has the file open goes on reading the old text; no draft is left."""
    path = tmp_path / "x.prom"
    write_file(os.fspath(path), "old\n")
    with path.open(encoding="utf-8") as reader:
        write_file(os.fspath(path), "new\n", mode=0o600)
        assert reader.read() == "old\n"
    assert path.read_text(encoding="utf-8") == "new\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "folder").mkdir()
    with pytest.raises(PlanError, match="cannot write"):
        write_file(os.fspath(tmp_path / "folder"), "text")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_draft_is_never_what_somebody_put_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or link of the name that a draft gets is left alone."""
    monkeypatch.setattr("zfstune.host.left_drafts.draft_name", "draft-of-{}".format)
    kept = tmp_path / "kept"
    kept.write_text("kept\n")
    for kind in ("file", "link"):
        draft = tmp_path / "draft-of-x.prom"
        draft.write_text("stays\n") if kind == "file" else draft.symlink_to(kept)
        with pytest.raises(PlanError, match="cannot write"):
            write_file(os.fspath(tmp_path / "x.prom"), "new\n")
        assert kept.read_text() == "kept\n"
        assert os.path.lexists(draft)
        assert not (tmp_path / "x.prom").exists()
        draft.unlink()


def test_where_runs_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user names the folder, or systemd does; else it is the image's, or the host's."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert state_folder() == "/var/lib/zfstune"
    assert state_folder(image="/vm/x.zpool") == "/vm/x.zpool.runs"
    assert state_folder(image="x") == os.fspath(Path.cwd() / "x.runs")
    assert state_folder("/here", image="/vm/x.zpool") == "/here"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/private/zfstune:/other")
    assert state_folder() == "/var/lib/private/zfstune"
    assert state_folder(image="/vm/x.zpool") == "/var/lib/private/zfstune"
    assert state_folder("/here") == "/here"


def test_where_the_cache_is() -> None:
    """The user names the folder, or systemd does, whose first one counts; root has one."""
    assert cache_folder({}, root=False) == ""
    assert cache_folder({}, root=True) == "/var/cache/zfstune"
    assert cache_folder({"CACHE_DIRECTORY": "/a:/b"}, root=True) == "/a"
    both = {"CACHE_DIRECTORY": "/a", "ZFSTUNE_CACHE": "/c"}
    assert cache_folder(both, root=True) == "/c"
    assert cache_folder({**both, "ZFSTUNE_CACHE": ""}, root=True) == ""


def test_only_the_cache_of_root_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that the user or systemd names is theirs to make."""
    monkeypatch.setattr(files, "CACHE", os.fspath(tmp_path / "var/cache"))
    make_cache_folder(os.fspath(tmp_path / "other"))
    assert list(tmp_path.iterdir()) == []
    make_cache_folder(files.CACHE)
    make_cache_folder(files.CACHE)
    assert stat.S_IMODE((tmp_path / "var/cache").stat().st_mode) == 0o700


def test_the_text_is_on_disk_before_the_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves no empty file; a cache does not wait for that."""
    calls: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda *_: calls.append("replace"))
    replace_file(os.fspath(tmp_path / "note"), "text")
    replace_file(os.fspath(tmp_path / "cache"), "text", mode=0o600, durable=False)
    assert calls == ["fsync", "replace", "replace"]


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    """Text that UTF-8 cannot hold is refused half way, or written as the caller says."""
    path = tmp_path / "note"
    path.write_text("old\n")
    with pytest.raises(UnicodeEncodeError):
        replace_file(os.fspath(path), "new \udcff\n")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
    replace_file(os.fspath(path), "new \udcff\n", errors="surrogateescape")
    assert path.read_bytes() == b"new \xff\n"


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    """A link, a folder, a pipe and bytes that are no UTF-8 count as no file."""
    plain = tmp_path / "plain"
    plain.write_text("text")
    assert read_plain(os.fspath(plain), 100) == "text"
    assert read_plain(os.fspath(plain), 2) == "te"
    (tmp_path / "link").symlink_to(plain)
    (tmp_path / "bytes").write_bytes(b"\xff")
    for name in ("link", "bytes", "missing", "."):
        assert read_plain(os.fspath(tmp_path / name), 100) is None
    os.mkfifo(tmp_path / "pipe")
    assert not read_plain(os.fspath(tmp_path / "pipe"), 100)


@pytest.mark.parametrize("name", ["x" * 255, "\xe4" * 127, "\udcff" * 255])
def test_a_file_may_have_the_longest_name(tmp_path: Path, name: str) -> None:
    """Its draft gets a name that is no longer."""
    replace_file(str(tmp_path / name), "text", durable=False)
    assert (tmp_path / name).read_text() == "text"
