"""Measurements on a real pool: bytes that repeat, a model that holds, nothing left."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.host.process_identity import is_running
from zfstune.values.marks import SCRATCH_PREFIX, SCRATCH_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.one_release

# 4 MiB of 8K pages: each run takes seconds in a guest.
SMALL = ("--size", "4M", "--only-bytes", "--recordsize", "8K,128K")


def run(*argv: str) -> str:
    """Run a command that must succeed; give what it printed."""
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.fixture(scope="module")
def pool(make_pool: Callable[..., str]) -> Iterator[str]:
    """Give a pool with sectors of 4K, and a dataset of somebody's."""
    # In an emulated guest, writes that are waited for take seconds. A transaction group
    # that ends meanwhile would write metadata once more.
    group = Path("/sys/module/zfs/parameters/zfs_txg_timeout")
    usual = group.read_text()
    group.write_text("60")
    name = make_pool(options=("-o", "ashift=12"))
    run("zfs", "create", "-o", "recordsize=16K", f"{name}/theirs")
    Path(f"/{name}/theirs/file").write_bytes(os.urandom(100_000))
    run("zpool", "sync", name)  # until then the space of the file is not known
    yield name
    group.write_text(usual)
    run("zpool", "destroy", "-f", name)


def own_state(pool: str) -> list[str]:
    """Return all properties of the pool's own datasets, and a sum over their files.

    Space that is used and left moves by itself, and with what is freed, and so does the
    ratio of all that lies below.
    """
    moving = (
        "available",
        "used",
        "written",
        "referenced",
        "logical",
        "compressratio",
        "snapshots_changed",
    )
    listed = run("zfs", "get", "-rHp", "-o", "name,property,value,source", "all", pool)
    lines = [
        line for line in listed.splitlines() if not line.split("\t")[1].startswith(moving)
    ]
    return [*lines, hashlib.sha256(Path(f"/{pool}/theirs/file").read_bytes()).hexdigest()]


def left(pool: str) -> list[str]:
    """Return what a measurement has left in a pool, and where it was mounted."""
    datasets = run("zfs", "list", "-rH", "-o", "name", "-t", "all", pool).splitlines()
    found = [name for name in datasets if SCRATCH_PREFIX in name]
    mounts = Path("/run/zfstune-measure")
    return found + ([str(path) for path in mounts.iterdir()] if mounts.exists() else [])


def measured(pool: str, *words: str) -> dict[str, Any]:
    """Measure, and return the document."""
    found: dict[str, Any] = json.loads(
        run("zfstune", "measure", "postgres", "--pool", pool, "--json", *SMALL, *words)
    )
    return found


@pytest.fixture(scope="module")
def document(pool: str) -> dict[str, Any]:
    """Measure once, two runs of each, and check what was there before."""
    before = own_state(pool)
    found = measured(pool, "--runs", "2")
    assert left(pool) == []
    assert own_state(pool) == before
    return found


def counts(document: dict[str, Any], recordsize: int) -> list[dict[str, Any]]:
    """Return the counts of the runs of a record size."""
    (found,) = (
        each
        for each in document["measurement"]["measured"]
        if each["candidate"]["recordsize_bytes"] == recordsize
    )
    return [run["counts"] for run in found["runs"]]


def test_bytes_repeat(document: dict[str, Any]) -> None:
    """Two runs of a candidate give the same figures in bytes, to a percent or a sector."""
    for recordsize in (8192, 131072):
        one, other = counts(document, recordsize)
        for name in ("allocated_bytes", "leaf_read_bytes", "leaf_asked_bytes"):
            assert other[name] == pytest.approx(one[name], rel=0.01, abs=4096), name
        # So small a run writes nearly as much of space maps as of data, and how much of
        # these depends on what was freed before: 18 % were seen.
        name = "leaf_written_bytes"
        assert other[name] == pytest.approx(one[name], rel=0.3), name


def test_the_model_holds(document: dict[str, Any]) -> None:
    """A record takes what OpenZFS's rules say, to a sector; cold reads likewise."""
    assert document["verdict"]["findings"] == []
    for each in document["measurement"]["measured"]:
        model = each["predicted"]
        for one in each["runs"]:
            found = one["counts"]
            off = found["allocated_bytes"] - model["allocated_bytes"]
            assert abs(off) <= model["records"] * model["sector_bytes"]
            # Records are read once each: more pages are asked for than there are records.
            expected = model["cold_read_amplification"] * found["asked_bytes"]
            off = abs(found["leaf_asked_bytes"] - expected)
            assert off <= model["records"] * model["sector_bytes"]
            data = model["write_amplification"] * found["written_bytes"]
            assert found["leaf_written_bytes"] > data


def test_kernel_image_and_model_agree(
    pool: str, document: dict[str, Any], tmp_path: Path
) -> None:
    """The same pages take the same space in all three, to a sector a record.

    What a snapshot keeps, and what is read cold, is the same in kernel and image to a
    twentieth; an image has no intent log, so it writes less.
    """
    file = tmp_path / "image"
    assert document["measurement"]["pool"]["name"] == pool
    run("zfstune", "image", "create", str(file), "--size", "1G")
    there = (
        "zfstune",
        "--image",
        str(file),
        "measure",
        "postgres",
        "--json",
        "--runs",
        "1",
    )
    image: dict[str, Any] = json.loads(run(*there, *SMALL))
    assert image["verdict"]["findings"] == []
    for recordsize, model in zip(
        (8192, 131072),
        (each["predicted"] for each in image["measurement"]["measured"]),
        strict=True,
    ):
        kernel_counts, image_counts = (
            counts(found, recordsize)[0] for found in (document, image)
        )
        most = model["records"] * model["sector_bytes"]
        for found in (kernel_counts, image_counts):
            assert abs(found["allocated_bytes"] - model["allocated_bytes"]) <= most
        assert image_counts["allocated_bytes"] == pytest.approx(
            kernel_counts["allocated_bytes"], abs=most
        )
        assert image_counts["pinned_bytes"] == pytest.approx(
            kernel_counts["pinned_bytes"], rel=0.05
        )
        assert image_counts["leaf_asked_bytes"] == pytest.approx(
            kernel_counts["leaf_asked_bytes"], rel=0.05
        )
        assert image_counts["leaf_written_bytes"] < kernel_counts["leaf_written_bytes"]


def test_small_pages_on_large_records(document: dict[str, Any]) -> None:
    """8K at random on records of 128K write, read and pin more than on records of 8K.

    Files of 4M have few large records, each of which is read from the devices once.
    """
    small, large = counts(document, 8192)[0], counts(document, 131072)[0]
    assert small["written_bytes"] == large["written_bytes"]
    assert large["leaf_written_bytes"] > 2 * small["leaf_written_bytes"]
    assert small["leaf_read_bytes"] < small["written_bytes"] * 0.02
    assert large["leaf_read_bytes"] > 2 * large["written_bytes"]
    assert large["pinned_bytes"] > 1.5 * small["pinned_bytes"]
    assert large["leaf_asked_bytes"] > small["leaf_asked_bytes"]


def test_each_write_is_in_the_log(document: dict[str, Any]) -> None:
    """PostgreSQL waits for each write, so each page of 8K went through the intent log."""
    log = counts(document, 8192)[0]["zil"]
    written = counts(document, 8192)[0]["written_bytes"]
    assert log["commits"] >= written // 8192
    assert log["main_bytes"] > written
    assert log["slog_bytes"] == 0


def test_fio(pool: str) -> None:
    """A short run of fio has times, and the application's own bytes a second."""
    group = Path("/sys/module/zfs/parameters/zfs_txg_timeout")
    usual = group.read_text()
    group.write_text("1")
    try:
        words = ("--pool", pool, "--size", "1M", "--runs", "1", "--recordsize", "128K")
        found = json.loads(run("zfstune", "measure", "logs", *words, "--json"))
    finally:
        group.write_text(usual)
    assert left(pool) == []
    (measured,) = found["measurement"]["measured"]
    times = measured["runs"][0]["times"]
    assert times["seconds"] >= 5
    assert times["operations"] * 4096 == times["done_bytes"] > 0
    assert 0 < times["p50_s"] <= times["p99_s"] <= times["p999_s"]
    assert len(times["moments"]) > 5


def started(pool: str, at: str = "fill") -> subprocess.Popen[bytes]:
    """Start a measurement, and wait until it has come to a step."""
    words = ("--size", "1M", "--recordsize", "128K") if at == "fio" else SMALL
    argv = ("zfstune", "measure", "postgres", "--pool", pool, *words, "--runs", "50")
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(600):
        if came_to(pool, at):
            return process
        time.sleep(0.1)
    process.kill()
    pytest.fail(f"it has not come to the step {at}")


def came_to(pool: str, step: str) -> bool:
    """Tell whether a measurement has come to a step, by what there is in the pool."""
    if step == "fio":
        return fio_runs()
    found = left(pool)
    signs = {
        "parent": found,
        "fill": [name for name in found if name.count("/") > 1],
        "write": [name for name in found if name.count("/") > 1 and "@" in name],
    }
    return signs[step] != []


def fio_runs() -> bool:
    """Tell whether any fio is at work."""
    for comm in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):  # it ended meanwhile
            if comm.read_text() == "fio\n":
                return True
    return False


def killed(pool: str) -> None:
    """Leave what a measurement leaves that is killed."""
    process = started(pool)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (parent,) = (name for name in left(pool) if name.count("/") == 1 and "@" not in name)
    mark = run("zfs", "get", "-Hpo", "value", SCRATCH_PROPERTY, parent).strip()
    for _ in range(600):
        if not is_running(mark):  # what it was about in the kernel has ended
            return
        time.sleep(0.1)
    pytest.fail("it goes on although it was killed")


def test_after_a_kill_the_next_run_sweeps(pool: str, document: dict[str, Any]) -> None:
    """What kill -9 leaves is refused while it runs, and gone after the next measurement."""
    before = document["measurement"]["pool"]["name"]
    assert before == pool
    state = own_state(pool)
    process = started(pool)
    argv = ("zfstune", "measure", "logs", "--pool", pool, "--only-bytes", "--size", "1M")
    # In a PID namespace of its own, as a container has, that process cannot be seen.
    for around in ((), ("unshare", "--pid", "--fork", "--mount-proc")):
        done = subprocess.run((*around, *argv), capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "another measurement is at work" in done.stderr
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert left(pool) != []
    run(*argv, "--runs", "1", "--recordsize", "128K")
    assert left(pool) == []
    assert own_state(pool) == state


def test_other_verbs_sweep(pool: str) -> None:
    """Verify names what was left, a dry run names it, and a snapshot removes it."""
    killed(pool)
    done = subprocess.run(
        ("zfstune", "verify", "--pool", pool), capture_output=True, text=True, check=False
    )
    assert "a measurement that was killed left" in done.stdout
    argv = ("zfstune", "snapshot", f"{pool}/theirs")
    done = subprocess.run((*argv, "-n"), capture_output=True, text=True, check=True)
    assert "which would be removed" in done.stderr
    assert left(pool) != []
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert "removed" in done.stderr
    assert left(pool) == []
    run("zfs", "destroy", done.stdout.strip())


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (signal.SIGINT, "parent"),
        (signal.SIGTERM, "fill"),
        (signal.SIGINT, "write"),
        (signal.SIGTERM, "fio"),
    ],
)
def test_ended_by_a_signal(pool: str, number: int, step: str) -> None:
    """Ctrl-C, as a terminal sends it, and SIGTERM, as kill does, leave nothing.

    At each stage; the status is that of the signal.
    """
    before = own_state(pool)
    process = started(pool, step)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid, number)
    assert process.wait(60) == 128 + number
    assert left(pool) == []
    assert not fio_runs()
    assert own_state(pool) == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--pool", "nosuch"), "no such pool is imported"),
        (("--size", "100G"), "are left until it is 80 % full"),
    ],
)
def test_refused(pool: str, words: tuple[str, ...], reason: str) -> None:
    """Before anything is made, with the reason."""
    before = own_state(pool)
    argv = ("zfstune", "measure", "postgres", "--only-bytes", "--pool", pool, *words)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert reason in done.stderr
    assert left(pool) == []
    assert own_state(pool) == before


def test_without_fio(pool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package, and nothing is made."""
    fio = Path(run("sh", "-c", "command -v fio").strip())
    away = fio.with_name("fio.away")
    fio.rename(away)
    try:
        argv = ("zfstune", "measure", "postgres", "--pool", pool, "--size", "4M")
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    finally:
        away.rename(fio)
    assert done.returncode == 1
    assert "cannot run fio: it is not installed" in done.stderr
    assert "apt install fio" in done.stderr
    assert left(pool) == []


def test_a_pool_that_is_being_scrubbed(pool: str) -> None:
    """It is refused, and the hint waits for the end of the scrub."""
    held = Path("/sys/module/zfs/parameters/zfs_scan_suspend_progress")
    held.write_text("1")
    try:
        run("zpool", "scrub", pool)
        argv = ("zfstune", "measure", "postgres", "--pool", pool, *SMALL)
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    finally:
        held.write_text("0")
        run("zpool", "wait", "-t", "scrub", pool)
    assert done.returncode == 1
    assert "it is being scrubbed" in done.stderr
    assert f"`zpool wait -t scrub {pool}`" in done.stderr
