"""Read the golden images that are here, and their clones."""

from __future__ import annotations

from contextlib import suppress

from zfstune.clones.seal import HOLD_TAG, GoldenImage, read_seal, read_stamp
from zfstune.engine.open import using
from zfstune.engine.pools import datasets_below
from zfstune.snapshots.rewind_plan import clones_of
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.frozen import replace
from zfstune.values.names import check_dataset, pool_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        read = _images_among(zfs, known.values())
        found = [_with_unfinished(zfs, image, known) for image in read]
        pools = {pool_of(image.name) for image in found if image.clones}
        if roots and pools:  # clones may lie anywhere in the pool
            known = datasets_below(zfs, sorted(pools))
        own = _clones_by_owner(known.values()) if pools else {}
        return tuple(
            replace(image, lineage=_lineage(image.clones, own))
            for image in sorted(found, key=lambda image: image.name)
        )


def _images_among(engine: Engine, datasets: Iterable[Dataset]) -> list[GoldenImage]:
    """Read those of the datasets that are images."""
    found = []
    for dataset in datasets:
        with suppress(NotFound):  # it was destroyed after it was listed
            found.append(read_image(engine, dataset))
    return [image for image in found if image is not None]


def _clones_by_owner(datasets: Iterable[Dataset]) -> dict[str, tuple[str, ...]]:
    """Return the clones of each dataset's snapshots, by its name."""
    own: dict[str, list[str]] = {}
    for dataset in sorted(datasets, key=lambda dataset: dataset.name):
        owner = (dataset.value("origin") or "").partition("@")[0]
        if owner:
            own.setdefault(owner, []).append(dataset.name)
    return {owner: tuple(names) for owner, names in own.items()}


def _lineage(
    clones: Iterable[str], own: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return those of the clones, and of their clones, that have clones of their own."""
    found: dict[str, tuple[str, ...]] = {}
    left = list(clones)
    while left:
        name = left.pop()
        if name in own and name not in found:
            found[name] = own[name]
            left += own[name]
    return found


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
