"""Whole runs on a folder of this host: what changes, what is left, what is undone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retuned_folder import NAME, FolderEngine
from zfstune.host.file_content import copy_content
from zfstune.measurement.retuning import copy as copying
from zfstune.measurement.retuning import retune as module
from zfstune.measurement.retuning import swap
from zfstune.measurement.retuning.choice import Retuning
from zfstune.measurement.retuning.retune import retune
from zfstune.measurement.retuning.swap import put_in_place
from zfstune.measurement.retuning.trial import try_out
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.measurement.retuning.copy import Copied
    from zfstune.measurement.retuning.retune_result import RetuneResult

ALL = Retuning(everything=True)
OPENED = "a program opened it at the moment of the exchange"


def filled(folder: Path) -> Path:
    """Make a folder with three files, one of them with two names."""
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_bytes(name.encode() * 20_000)
    os.link(folder / "c", folder / "d")
    return folder


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderEngine:
    """Give the engine of a folder with three files."""
    folder = filled(tmp_path / "tank")
    monkeypatch.setattr(swap, "_LINGER_S", 0.05)
    # The folder shares its filesystem with all that runs on this host.
    monkeypatch.setattr(module, "refuse_users", lambda *_: None)
    return FolderEngine(folder)


def run(engine: FolderEngine, **more: Any) -> RetuneResult:
    """Retune the folder, every file of it."""
    return retune(NAME, choice=ALL, engine=engine.seam, **more)


def contents(folder: Path) -> dict[str, bytes]:
    """Give the content of all files."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def inodes(folder: Path) -> dict[str, int]:
    """Give the inode of all that is there."""
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def test_every_file_is_another_one(engine: FolderEngine) -> None:
    """The files have new inodes and the same content, and nothing else is left."""
    before, old = contents(engine.folder), inodes(engine.folder)
    plans: list[object] = []
    done = run(engine, on_plan=plans.append)
    new = inodes(engine.folder)
    assert (done.done, done.done_bytes, done.left, done.pending) == (3, 60_000, (), 0)
    assert plans == [done.plan]
    assert contents(engine.folder) == before
    assert new.keys() == old.keys()
    assert not set(new.values()) & set(old.values())
    assert new["c"] == new["d"]


def test_a_plan_alone_changes_nothing(engine: FolderEngine) -> None:
    """With dry_run, the folder is as it was."""
    old = inodes(engine.folder)
    done = run(engine, dry_run=True)
    assert (done.done, done.pending, engine.synced) == (0, 3, 1)
    assert inodes(engine.folder) == old


def change_content(folder: Path) -> None:
    """Write to a file, and set its time back."""
    facts = (folder / "b").stat()
    (folder / "b").write_bytes(b"x" * facts.st_size)
    os.utime(folder / "b", ns=(facts.st_atime_ns, facts.st_mtime_ns))


def change_mode(folder: Path) -> None:
    """Change the permissions."""
    (folder / "b").chmod(0o640)


def replace(folder: Path) -> None:
    """Replace the file, as an editor does."""
    (folder / "new").write_bytes(b"new")
    (folder / "new").rename(folder / "b")


def remove(folder: Path) -> None:
    """Remove the file."""
    (folder / "b").unlink()


def put_link(folder: Path) -> None:
    """Put a link in its place."""
    (folder / "b").unlink()
    (folder / "b").symlink_to("/etc/passwd")


def add_name(folder: Path) -> None:
    """Give it one more name."""
    os.link(folder / "b", folder / "e")


@pytest.mark.parametrize(
    "change", [change_content, change_mode, replace, remove, put_link, add_name]
)
@pytest.mark.parametrize("moment", [2, 3])
def test_what_changes_meanwhile_is_left(
    engine: FolderEngine, change: Callable[[Path], None], moment: int
) -> None:
    """Before the copy or between copy and exchange: the change stays, the file is named."""

    def step_in() -> None:
        if engine.synced == moment:
            change(engine.folder)

    engine.on_sync = step_in
    done = run(engine)
    after = inodes(engine.folder), contents(engine.folder)
    assert [left.path for left in done.left] in (["b"], [])
    if not done.left:  # it was copied after the change, with it
        assert moment == 2
    assert not [name for name in after[0] if name.startswith(".zfstune")]
    engine.on_sync = lambda: None
    expected = filled(engine.folder.parent / "expected")
    change(expected)
    assert contents(expected) == after[1]
    if change is change_mode:
        assert (engine.folder / "b").stat().st_mode & 0o777 == 0o640


def test_ctrl_c_at_each_stage(
    engine: FolderEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was not finished is taken back, and nothing is left behind."""
    before = contents(engine.folder)
    for owner, call, after in [
        (copying, "write_attributes", 2),
        (swap, "check_copy", 2),
        (module, "put_in_place", 3),
        (swap, "_exchange_all", 2),
        (module, "watch", 1),
        (module, "drop_originals", 2),
    ]:
        real, calls = getattr(owner, call), [0]

        def interrupt(*args: Any, **more: Any) -> object:
            calls[0] += 1  # noqa: B023 (called within this turn)
            if calls[0] == after:  # noqa: B023
                raise KeyboardInterrupt
            return real(*args, **more)  # noqa: B023

        with monkeypatch.context() as patch:
            patch.setattr(owner, call, interrupt)
            with pytest.raises(KeyboardInterrupt):
                run(engine)
        assert contents(engine.folder) == before, call
        assert inodes(engine.folder).keys() == {"a", "b", "c", "d"}, call
    assert run(engine).done == 3


def test_a_copy_that_went_wrong_is_not_taken(
    engine: FolderEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check finds a copy that differs by one byte, or in its attributes."""

    def spoil(source: int, copy: int, size: int, passed: Any, **more: Any) -> bool:
        done = copy_content(source, copy, size, passed, **more)
        os.pwrite(copy, b"x", size - 1)
        return done

    with monkeypatch.context() as patch:
        patch.setattr(copying, "copy_content", spoil)
        done = run(engine)
    assert {left.reason for left in done.left} == {"its copy differs: it changed meanwhile"}
    monkeypatch.setattr(copying, "write_attributes", lambda *_: None)
    (engine.folder / "a").chmod(0o751)
    reasons = {left.path: left.reason for left in run(engine).left}
    assert reasons["a"] == "its attributes cannot be copied"


def test_blocks_that_stay_old(engine: FolderEngine) -> None:
    """A copy whose blocks are no better is not put in place."""
    engine.properties["recordsize"] = "512"
    done = run(engine)
    assert done.done == 0
    assert {left.reason for left in done.left} == {"its copy has blocks of 4K, too"}


def test_open_files_are_left(engine: FolderEngine) -> None:
    """A file that somebody has open is named, by each of its names."""
    with (engine.folder / "d").open("rb"):
        done = run(engine)
    assert [(left.path, left.reason) for left in done.left] == [
        ("c", "a program has it open, has it mapped or runs it")
    ]
    assert done.done == 2


def change_original(copied: Copied) -> None:
    """Write to the original by a way that no lease sees."""
    Path(f"/proc/self/fd/{copied.source}").chmod(0o600)


def test_an_original_that_changed_gets_its_names_back(
    engine: FolderEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done to the original just after the exchange is not lost."""

    def put_and_change(spare: Any, copied: Copied, placed: Any) -> None:
        put_in_place(spare, copied, placed)
        change_original(copied)

    monkeypatch.setattr(module, "put_in_place", put_and_change)
    old = inodes(engine.folder)
    done = run(engine)
    assert {left.reason for left in done.left} == {OPENED}
    assert inodes(engine.folder) == old
    assert (engine.folder / "d").stat().st_mode & 0o777 == 0o600


def test_both_are_in_use(engine: FolderEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the copy is in use already, the original is kept, and said where."""

    def put_and_change(spare: Any, copied: Copied, placed: Any) -> None:
        put_in_place(spare, copied, placed)
        if copied.file.path == "a":
            change_original(copied)
            with pytest.raises(BlockingIOError):
                os.open(engine.folder / "a", os.O_RDONLY | os.O_NONBLOCK)

    monkeypatch.setattr(module, "put_in_place", put_and_change)
    old = inodes(engine.folder)
    [left] = run(engine).left
    kept = Path(left.reason.rpartition(" ")[2])
    assert left.reason.startswith(f"{OPENED}; its old content is kept in .zfstune-retune.")
    assert (engine.folder / kept).stat().st_ino == old["a"]


def test_room(engine: FolderEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run stops at the floor, between batches, and counts what is still to do."""
    monkeypatch.setattr(module, "_MOST_FILES", 1)

    def use_up() -> None:
        engine.free_bytes = (1 << 40) // 10 + 25_000 - engine.synced * 1000

    engine.on_sync = use_up
    engine.free_bytes = 1 << 39
    done = run(engine)
    assert (done.done, done.pending) == (3, 0)
    engine.free_bytes = 1000
    engine.on_sync = lambda: None
    done = run(engine)
    assert (done.done, done.pending, done.left) == (0, 3, ())
    assert done.stopped == "1000 of the pool are free, and 102G are to stay"


def test_a_full_pool_stops_the_run(
    engine: FolderEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied by then is put in place; the rest is still to do."""
    calls = [0]

    def fail_at_two(*args: Any, **more: Any) -> bool:
        calls[0] += 1
        if calls[0] == 2:
            raise OSError(28, "No space left on device")
        return copy_content(*args, **more)

    monkeypatch.setattr(copying, "copy_content", fail_at_two)
    done = run(engine)
    assert (done.done, done.pending, done.stopped) == (1, 2, "there is no space left")
    assert inodes(engine.folder).keys() == {"a", "b", "c", "d"}


def test_progress_and_rate(engine: FolderEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of all files pass the meter, and each file is counted."""
    told: list[Any] = []
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0.0)
    choice = Retuning(everything=True, rate_bytes_s=1 << 20)
    retune(NAME, choice=choice, on_progress=told.append, engine=engine.seam)
    assert told[-1].bytes.done_bytes == 60_000
    assert told[-1].bytes.datasets_done <= 3
    assert told[0].bytes.datasets == 3


def test_a_run_beside_it(engine: FolderEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run is refused while one is under way."""

    def try_twice(*args: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(module, "try_out", try_out)
            with pytest.raises(PlanError, match="another run is under way"):
                run(engine)
        try_out(*args)

    monkeypatch.setattr(module, "try_out", try_twice)
    assert run(engine).done == 3


def test_batches(engine: FolderEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few files change places together: by number, and by size."""
    for name, most in (("_MOST_FILES", 2), ("_MOST_BYTES", 40_000)):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, most)
            engine.synced = 0
            assert run(engine).done == 3
            assert engine.synced >= 3  # at the beginning, and one for each batch
