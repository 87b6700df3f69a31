"""A dataset whose properties a kernel cannot read: it is named, and the others go on."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

import zfstune
from damage import damage_properties, mark_properties
from image_pool import Pool
from zfstune.engine.image import create_image
from zfstune.values.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release

REASON = "a checksum did not match"


@pytest.fixture(scope="module")
def name(command: Callable[..., str]) -> Iterator[str]:
    """Import a pool with a damaged dataset `bad` beside a sound one; give its name."""
    pool = Pool(command)
    with create_image(pool.file, size_bytes=128 << 20, pool=pool.name) as image:
        for dataset in (f"{pool.name}/bad", f"{pool.name}/good"):
            image.create(dataset)
            image.take_snapshots([f"{dataset}@by-hand"])
        marks = {"org.zfstune:policy": "daily=7", "org.zfstune:schedule": "hourly"}
        image.set(f"{pool.name}/good", marks)
        values = mark_properties(image, f"{pool.name}/bad")
    damage_properties(pool.file, f"{pool.name}/bad", values)
    command("zpool", "import", "-N", "-d", str(pool.folder), pool.name)
    yield pool.name
    pool.drop()


def run(words: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    argv = ["zfstune", *words.split()]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_listing_goes_on(name: str, engine: Engine) -> None:
    """The damaged dataset is listed with the reason; to read it alone is an error."""
    found = {dataset.name: dataset.damaged for dataset in engine.datasets(name)}
    assert found == {name: "", f"{name}/bad": REASON, f"{name}/good": ""}
    with pytest.raises(Damaged, match=f"cannot read '{name}/bad': {REASON}"):
        engine.dataset(f"{name}/bad")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("list POOL", 3),
        ("list -t snapshots POOL", 3),
        ("check", 2),
        ("metrics", 3),
        ("snapshot -r POOL --name now", 3),
        ("prune --pool POOL", 3),
    ],
)
def test_each_verb_names_it_and_goes_on(words: str, status: int, name: str) -> None:
    """The status says that a part failed; the sound dataset is looked after."""
    done = run(words.replace("POOL", name))
    assert done.returncode == status, done
    said = done.stdout + done.stderr
    assert f"{name}/bad" in said
    assert REASON in said
    assert f"{name}/good" in done.stdout


def test_verify(name: str) -> None:
    """The pool and the dataset are named; whatever nobody manages is not judged."""
    done = run(f"verify {name}")
    assert (done.returncode, done.stderr) == (3, "")
    verdicts = {
        words[0]: " ".join(words) for words in map(str.split, done.stdout.splitlines())
    }
    assert f"damaged it cannot be read: {REASON}" in verdicts[f"{name}/bad"]
    assert f"{name}/good" not in verdicts


def test_a_snapshot_of_the_others_was_taken(name: str, engine: Engine) -> None:
    """The sound dataset gets its snapshot, and the damaged one none."""
    with pytest.raises(zfstune.BatchError, match=f"{name}/bad"):
        zfstune.snapshot(name, name="again", recursive=True, engine=engine)
    assert engine.exists(f"{name}/good@again")
    assert not engine.exists(f"{name}/bad@again")
