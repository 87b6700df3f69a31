"""Read the golden images that are here, and their clones."""

from __future__ import annotations

from contextlib import suppress

from zfstune.clones.seal import HOLD_TAG, GoldenImage, read_seal, read_stamp
from zfstune.engine.open import using
from zfstune.engine.pools import datasets_below
from zfstune.snapshots.rewind_plan import clones_of
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.frozen import replace
from zfstune.values.names import check_dataset
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

__all__ = ["find_image", "images", "read_image"]


def images(*roots: str, engine: Engine | None = None) -> tuple[GoldenImage, ...]:
    """List golden images, sorted by name.

    Args:
        roots: These datasets and all below; default: all pools.
        engine: Default: the running kernel's ZFS.

    Raises:
        NotFound: There is no such dataset.
    """
    with using(engine) as zfs:
        known = datasets_below(zfs, roots)
        read = (read_image(zfs, dataset) for dataset in known.values())
        found = (_with_unfinished(zfs, image, known) for image in read if image is not None)
        return tuple(sorted(found, key=lambda image: image.name))


def _with_unfinished(
    engine: Engine, image: GoldenImage, known: Mapping[str, Dataset]
) -> GoldenImage:
    """Return an image with the names of its clones that are not finished."""
    unfinished = []
    for name in image.clones:
        with suppress(NotFound):  # it went meanwhile
            mark = read_stamp(known.get(name) or engine.dataset(name))
            if mark is not None and mark.unfinished and mark.guid == image.seal.guid:
                unfinished.append(name)
    return replace(image, unfinished=tuple(unfinished))


def find_image(engine: Engine, name: str, verb: str) -> GoldenImage:
    """Read one image.

    Args:
        engine: Where it is.
        name: The dataset.
        verb: The verb for the error.

    Raises:
        PlanError: The dataset is no image.
        NotFound: There is no such dataset.
    """
    image = read_image(engine, engine.dataset(check_dataset(name)))
    if image is None:
        raise PlanError(
            f"cannot {verb} '{name}': it is no golden image",
            hint=f"to make it one: zfstune golden create {for_shell(name)}",
        )
    return image


def read_image(engine: Engine, dataset: Dataset) -> GoldenImage | None:
    """Read the image that a dataset is; None: it is none."""
    seal = None if dataset.damaged else read_seal(dataset)
    if seal is None:
        return None
    snapshots = engine.snapshots(dataset.name)
    name = next((s.name for s in snapshots if s.guid == seal.guid), "")
    held, clones = False, []
    try:
        if name:
            held = HOLD_TAG in engine.holds(name)
            clones = clones_of(engine.snapshot(name))
    except NotFound:  # it went meanwhile
        name = ""
    return GoldenImage(
        name=dataset.name,
        kind=dataset.kind,
        seal=seal,
        snapshot=name,
        held=held,
        clones=tuple(sorted(clones)),
        referenced_bytes=int(dataset.value("referenced") or 0),
        used_bytes=int(dataset.value("used") or 0),
    )
