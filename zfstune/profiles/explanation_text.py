"""The parts of an explanation as text for people."""

from __future__ import annotations

from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.profiles.explained import ExplainedDataset, ExplainedValue, Footprint
    from zfstune.profiles.profile import Snapshots
    from zfstune.values.state import PoolInfo, Vdev

__all__ = ["dataset_lines", "labelled", "pool_line"]

_LABEL = 12  # "disagrees:" and two blanks, below whose end a terminal folds the text


def pool_line(vdev: Vdev, pool: PoolInfo | None) -> str:
    """Name the pool and what it is made of; None: no pool was looked at."""
    kind = f"{vdev.kind} of {vdev.width}" if vdev.parity else vdev.kind
    if pool is None:
        return f"no pool was looked at: sizes are for one {kind}, ashift {vdev.ashift}"
    disks = ", spinning disks" if pool.rotational else ""
    return f"pool {pool.name}: {kind}, ashift {vdev.ashift}{disks}"


def dataset_lines(dataset: ExplainedDataset, *, has_seed: bool) -> Iterator[str]:
    """Write the values of a dataset, a paragraph each.

    Args:
        dataset: The dataset.
        has_seed: Whether the profile has a variant of the seed's.
    """
    for value in dataset.values:
        yield from _value(value)
    if not dataset.values:
        yield "  inherits all of its values"
    if dataset.snapshots is not None:
        yield from _snapshots(dataset.snapshots)
    if dataset.footprint is not None:
        yield from _footprint(dataset.footprint)
    if not has_seed:
        return
    if not dataset.in_seed:
        yield labelled("seed", "the seed has no such dataset", indent=2)
    for name, setting, why in dataset.seed_only:
        text = f"also sets {name}={setting}. {why}"
        yield labelled("seed", text, indent=2)


def _value(value: ExplainedValue) -> Iterator[str]:
    yield f"  {value.property}={value.asked}"
    if value.value != value.asked:
        instead = "left out" if value.value is None else f"becomes {value.value}"
        yield labelled("here", f"{instead}: {value.pool}")
    yield labelled("why", value.why)
    yield labelled("source", value.source)
    if value.disagrees:
        yield labelled("disagrees", value.disagrees)
    for fact, other, why in value.rules:
        if why != value.pool:
            text = f"{other} on {fact.replace('-', ' ')}. {why}"
            yield labelled("else", text)
    if value.seed_why:
        yield labelled("seed", f"{value.seed}. {value.seed_why}")


def _snapshots(snapshots: Snapshots) -> Iterator[str]:
    keeping = f", keeping {snapshots.keep}" if snapshots.keep else ""
    yield f"  snapshots {snapshots.every}{keeping}"
    yield labelled("why", snapshots.why)
    yield labelled("source", snapshots.source)
    if snapshots.disagrees:
        yield labelled("disagrees", snapshots.disagrees)


def _footprint(footprint: Footprint) -> Iterator[str]:
    """Say how much space a record takes, and what a random write of a page costs."""
    record = format_size(footprint.record_bytes)
    raw, packed = format_size(footprint.raw_bytes), format_size(footprint.packed_bytes)
    if raw == packed:
        text = f"a record of {record} takes {raw}, however well its data packs."
    else:
        text = f"a record of {record} takes {raw}, or {packed} where data packs to a half."
    raw_write, packed_write = footprint.raw_write, footprint.packed_write
    text += (
        f" A random write of 8K writes {format_size(raw_write.written_bytes, exact=False)}"
    )
    if packed_write.written_bytes != raw_write.written_bytes:
        text += f", or {format_size(packed_write.written_bytes, exact=False)}"
    if raw_write.read_bytes:
        text += (
            f", and reads {format_size(raw_write.read_bytes)} first unless it is in memory"
        )
    yield labelled("on disk", text + ". Metadata is not counted.", indent=2)


def labelled(label: str, text: str, *, indent: int = 6) -> str:
    """Write a paragraph with a label in front of it, as one line."""
    return " " * indent + f"{label + ':':<{_LABEL}}{text}"
