"""A pool in a file: made, closed and opened again; what is refused, and what stays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.image import ImageEngine, create_image
from zfstune.engine.open import open_engine
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    EngineError,
    InvalidName,
    InvalidValue,
    NotFound,
    NotSupported,
    RefusedValue,
    ZfsUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
LEAST = 64 * MIB


def test_all_of_it_is_there_when_opened_again(file: Path) -> None:
    """Datasets, properties, snapshots, holds, bookmarks and clones outlive the engine."""
    with open_engine(file, create_bytes=1 << 30) as engine:
        engine.create("tank/a/b", parents=True, properties={"recordsize": "8K"})
        engine.create("tank/v", volume=True, properties={"volsize": "16M"})
        engine.take_snapshots(["tank/a@s", "tank/a/b@s"], properties={"org.x:y": "z"})
        engine.hold(["tank/a@s"], "keep")
        engine.bookmark("tank/a@s", "tank/a#m")
        engine.clone("tank/a/b@s", "tank/c", properties={"quota": "1G"})
        before = engine.datasets("tank"), engine.snapshots("tank/a/b", properties=True)
        assert engine.pools() == ("tank",)
    with open_engine(file) as engine:
        assert [d.name for d in engine.datasets("tank")] == [d.name for d in before[0]]
        assert engine.snapshots("tank/a/b", properties=True) == before[1]
        assert engine.dataset("tank/a/b").local("recordsize") == "8192"
        assert engine.dataset("tank/v").value("volsize") == str(16 * MIB)
        assert engine.dataset("tank/c").value("origin") == "tank/a/b@s"
        assert engine.holds("tank/a@s").keys() == {"keep"}
        assert engine.bookmarks("tank/a").keys() == {"tank/a#m"}


@pytest.mark.parametrize("ashift", range(9, 14))
def test_size_name_and_ashift_are_as_asked(file: Path, ashift: int) -> None:
    """The least file takes every ashift; it is sparse, private, and holds that pool."""
    with create_image(file, size_bytes=LEAST, ashift=ashift, pool=f"p {ashift}") as engine:
        (name,) = engine.pools()
        pool = engine.pool(name)
        engine.create(f"{name}/a")
        engine.take_snapshots([f"{name}/a@s"])
    assert (name, pool.ashift) == (f"p {ashift}", ashift)
    assert LEAST // 2 < pool.size_bytes <= LEAST
    status = file.stat()
    assert (status.st_size, status.st_mode & 0o777) == (LEAST, 0o600)
    assert status.st_blocks * 512 < 16 * MIB
    with ImageEngine(file) as engine:
        assert engine.exists(f"{name}/a@s")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"size_bytes": LEAST - 1}, InvalidValue),
        ({"size_bytes": 0}, InvalidValue),
        ({"ashift": 8}, InvalidValue),
        ({"ashift": 17}, InvalidValue),
        *(
            ({"pool": pool}, InvalidName)
            for pool in ("", "mirror", "a/b", "a@b", "1a", "x" * 256)
        ),
    ],
    ids=str,
)
def test_refused_values_leave_no_file(
    file: Path, wrong: dict[str, object], error: type[Exception]
) -> None:
    """Too small, an ashift out of range, no name of a pool: nothing has been made."""
    with pytest.raises(error):
        create_image(file, **{"size_bytes": LEAST, **wrong})  # type: ignore[arg-type]
    assert not file.exists()


def test_a_file_that_exists_is_not_written_to(file: Path) -> None:
    """Neither a file of the caller's nor an image becomes a new image."""
    file.write_bytes(b"precious")
    with pytest.raises(AlreadyExists, match=r"create image .*x\.zpool"):
        create_image(file, size_bytes=LEAST)
    with pytest.raises(AlreadyExists):
        ImageEngine(file, create=("tank", LEAST, 12))
    assert file.read_bytes() == b"precious"
    with pytest.raises(NotFound, match="directory"):
        create_image(file.parent / "none" / "x", size_bytes=LEAST)


def _nothing(path: Path) -> None:
    del path


def _zeros(path: Path) -> None:
    path.touch()
    os.truncate(path, LEAST)


def _noise(path: Path) -> None:
    path.write_bytes(os.urandom(MIB) * 64)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (_nothing, NotFound, "no such file"),
        (Path.touch, RefusedValue, "holds no pool"),
        (_zeros, RefusedValue, "holds no pool"),
        (_noise, RefusedValue, "holds no pool"),
        (Path.mkdir, RefusedValue, "directory"),
        (os.mkfifo, RefusedValue, "holds no pool"),
    ],
)
def test_what_is_no_image_is_refused(
    file: Path, make: Callable[[Path], None], error: type[EngineError], words: str
) -> None:
    """The error says what is wrong with the file, and the file is as it was."""
    make(file)
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(error, match=f"cannot open image '.*x.zpool': .*{words}"):
        ImageEngine(file)
    assert (file.read_bytes() if file.is_file() else None) == before


def test_damaged_labels_do_not_lose_the_pool(file: Path) -> None:
    """Any one of the four labels is enough to open it; with none it is no pool."""
    create_image(file, size_bytes=LEAST).close()
    label = 256 << 10
    with file.open("r+b") as raw:
        for offset in (0, label, LEAST - 2 * label):
            raw.seek(offset)
            raw.write(os.urandom(label))
    with ImageEngine(file) as engine:
        assert engine.pools() == ("tank",)
    with file.open("r+b") as raw:
        for offset in (0, label, LEAST - 2 * label, LEAST - label):
            raw.seek(offset)
            raw.write(bytes(label))
    with pytest.raises(RefusedValue, match="holds no pool"):
        ImageEngine(file)


def test_one_at_a_time(engine: ImageEngine, file: Path, hasty: None) -> None:
    """A second engine on the same file is refused until the first is closed."""
    for _ in range(2):
        with pytest.raises(Busy, match="another process has it open"):
            ImageEngine(file)
    link = file.parent / "link"
    link.symlink_to(file)
    with pytest.raises(Busy):
        ImageEngine(link)
    engine.create("tank/a")
    engine.close()
    with ImageEngine(link) as second:
        assert second.exists("tank/a")


def test_images_side_by_side(engine: ImageEngine, tmp_path: Path) -> None:
    """Two files of one process, with pools of one name, do not know of each other."""
    with create_image(tmp_path / "other", size_bytes=LEAST) as other:
        engine.create("tank/here")
        other.create("tank/there")
        assert [d.name for d in engine.datasets("tank")] == ["tank", "tank/here"]
        assert [d.name for d in other.datasets("tank")] == ["tank", "tank/there"]


def test_a_moved_file_is_the_same_image(file: Path, tmp_path: Path) -> None:
    """The name that a label remembers is not needed."""
    with create_image(file, size_bytes=LEAST) as engine:
        engine.create("tank/a")
    moved = tmp_path / "moved é \udcff"
    file.rename(moved)
    with ImageEngine(moved) as engine:
        assert engine.exists("tank/a")


def test_a_relative_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is taken from where the process is when it opens the image."""
    monkeypatch.chdir(file.parent)
    with create_image(file.name, size_bytes=LEAST) as engine:
        monkeypatch.chdir("/")
        engine.create("tank/a")
    with ImageEngine(file) as engine:
        assert engine.exists("tank/a")


def test_closed_is_closed(file: Path) -> None:
    """Calls after close say so; a second close does nothing."""
    engine = create_image(file, size_bytes=LEAST)
    engine.close()
    engine.close()
    with pytest.raises(ZfsUnavailable, match="closed"):
        engine.pools()


def test_nothing_is_mounted(engine: ImageEngine) -> None:
    """To mount takes a kernel, and the error says how to get at one."""
    engine.create("tank/a", properties={"mountpoint": "/nowhere"})
    with pytest.raises(NotSupported) as caught:
        engine.mount("tank/a")
    assert "zpool import" in caught.value.hint
    with pytest.raises(NotSupported):
        engine.unmount("tank/a")
    assert engine.mounts() == {}
    assert not engine.pool("tank").mountable


def test_other_pools_are_not_there(engine: ImageEngine) -> None:
    """A name of another pool is a name of nothing."""
    for call in (
        lambda: engine.create("other/a"),
        lambda: engine.destroy("other/a"),
        lambda: engine.take_snapshots(["other@a"]),
        lambda: engine.dataset("other"),
        lambda: engine.pool("other"),
        lambda: engine.datasets("other"),
    ):
        with pytest.raises(NotFound):
            call()
    engine.create("tank/a")
    engine.take_snapshots(["tank/a@s"])
    with pytest.raises(EngineError):
        engine.clone("tank/a@s", "other/a")
    with pytest.raises(EngineError):
        engine.rename("tank/a", "other/a")
    assert [d.name for d in engine.datasets("tank")] == ["tank", "tank/a"]


def _listing(folder: str) -> dict[str, tuple[int, int]]:
    found = {}
    for path, _, names in os.walk(folder):
        for name in (".", *names):
            status = os.lstat(os.path.join(path, name))  # noqa: PTH118 (a walk's own)
            found[f"{path}/{name}"] = (status.st_mtime_ns, status.st_size)
    return found


def test_nothing_is_written_elsewhere(file: Path) -> None:
    """/etc/zfs is as it was, and the process has no other file open to write to."""
    before = _listing("/etc/zfs")
    with create_image(file, size_bytes=LEAST) as engine:
        engine.create("tank/a")
        process = Path(f"/proc/{engine._zfs._child.pid}")
        written = set()
        for link in (process / "fd").iterdir():
            flags = (process / "fdinfo" / link.name).read_text().split("flags:")[1].split()
            target = str(link.readlink())
            if int(flags[0], 8) & os.O_ACCMODE and target.startswith("/"):
                written.add(target)
    assert written == {str(file), "/memfd:zfstune-image (deleted)", "/dev/null"}
    assert _listing("/etc/zfs") == before


def test_threads_and_memory_are_bounded(engine: ImageEngine) -> None:
    """Half of the memory is what libzpool would take; here it has a limit that holds."""
    names = [f"tank/{number}" for number in range(20)]
    for name in names:
        engine.create(name)
    for number in range(20):
        engine.take_snapshots([f"{name}@{number}" for name in names])
    status = Path(f"/proc/{engine._zfs._child.pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert int(fields["Threads"]) < 1000
    assert int(fields["VmHWM"].split()[0]) < 400 << 10


def test_reading_costs_no_write(file: Path) -> None:
    """What is only looked at is the same when it is opened again.

    What is left of the pool is not compared: opening and closing write to it.
    """

    def looked_at(engine: ImageEngine) -> tuple[object, ...]:
        found = engine.dataset("tank/a")
        rest = {n: p for n, p in found.properties.items() if n != "available"}
        return found.guid, found.createtxg, rest, engine.snapshots("tank/a")

    with create_image(file, size_bytes=LEAST) as engine:
        engine.create("tank/a")
        engine.take_snapshots(["tank/a@s"])
        before = looked_at(engine)
    with ImageEngine(file) as engine:
        assert looked_at(engine) == before
