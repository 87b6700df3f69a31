"""The process of an image killed at any moment: what was done is there, whole."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from lots import kills, seed, tally
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import ImageDied

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = kills(50)
PROP = "org.zfstune.test:n"


@dataclass
class Model:
    """What an image holds: datasets with the value of a property, and snapshots."""

    datasets: dict[str, str] = field(default_factory=dict)
    snapshots: set[str] = field(default_factory=set)

    def copy(self) -> Model:
        """Copy it, to be changed."""
        return Model(dict(self.datasets), set(self.snapshots))


def read(engine: ImageEngine) -> Model:
    """Read a model back from an image."""
    found = Model()
    for dataset in engine.datasets("tank")[1:]:
        found.datasets[dataset.name] = dataset.local(PROP) or ""
        found.snapshots |= {s.name for s in engine.snapshots(dataset.name)}
    return found


def pick(rng: random.Random, model: Model) -> tuple[Callable[[ImageEngine], None], Model]:
    """Choose a change; give how to make it, and the model after it."""
    after = model.copy()
    names = sorted(model.datasets)
    kind = rng.choice(["create", "set", "snapshot", "snapshot", "prune", "destroy"])
    number = str(rng.randrange(1 << 30))
    if kind == "create" or not names:
        name = f"tank/{number}"
        after.datasets[name] = number
        return lambda e: e.create(name, properties={PROP: number}), after
    name = rng.choice(names)
    own = sorted(s for s in model.snapshots if s.startswith(f"{name}@"))
    if kind == "set":
        after.datasets[name] = number
        return lambda e: e.set(name, {PROP: number}), after
    if kind == "destroy" and not own:
        del after.datasets[name]
        return lambda e: e.destroy(name), after
    if kind == "prune" and model.snapshots:
        victims = rng.sample(
            sorted(model.snapshots), rng.randint(1, min(4, len(model.snapshots)))
        )
        after.snapshots -= set(victims)
        return lambda e: e.destroy_snapshots(victims), after
    taken = [f"{each}@{number}" for each in names]
    after.snapshots |= set(taken)
    return lambda e: e.take_snapshots(taken), after


def work(engine: ImageEngine, rng: random.Random, model: Model) -> tuple[Model, Model]:
    """Change the image until its process dies; give what is done and what may be."""
    while True:
        change, after = pick(rng, model)
        try:
            change(engine)
        except ImageDied:
            return model, after
        model = after


def half_created(done: Model, pending: Model) -> Model:
    """Give what lies between: lzc_create sets properties after the dataset exists."""
    half = done.copy()
    for name in pending.datasets.keys() - done.datasets.keys():
        half.datasets[name] = ""
    return half


def test_kill_at_random_moments(file: Path) -> None:
    """Each call that came back is on disk; the one under way is there whole or not."""
    chosen = seed(random.SystemRandom().randrange(1 << 32))
    rng = random.Random(chosen)  # noqa: S311 (to be repeated)
    create_image(file, size_bytes=256 << 20).close()
    model = done = pending = Model()
    changes = 0
    for round_ in range(ROUNDS + 1):
        with ImageEngine(file) as engine:
            found = read(engine)
            assert found in (done, pending, half_created(done, pending)), (
                f"seed {chosen}, round {round_}"
            )
            changes += found != model
            model = found
            process = engine._zfs._child
            killer = threading.Timer(rng.uniform(0, 0.08), process.kill)
            killer.start()
            done, pending = work(engine, rng, model)
            killer.join()
    tally(kills=ROUNDS, changes_found=changes)
    assert changes > ROUNDS // 4, "hardly anything was changed before the kills"


@pytest.mark.parametrize("moment", range(6))
def test_kill_while_it_opens_and_closes(file: Path, moment: int) -> None:
    """Neither an import nor an export that is cut short loses anything."""
    with create_image(file, size_bytes=256 << 20) as engine:
        engine.create("tank/a")
        engine.take_snapshots(["tank/a@s"])
    engine = ImageEngine(file)
    killer = threading.Timer(moment * 0.008, engine._zfs._child.kill)
    killer.start()
    engine.close()
    killer.join()
    with ImageEngine(file) as engine:
        assert engine.exists("tank/a@s")
