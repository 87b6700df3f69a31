"""Datasets that cannot be retuned as things are."""

from __future__ import annotations

import pytest

from model_pool import pool_info
from zfstune.measurement.retuning.refusals import refuse_dataset
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import LOCAL, Dataset, Mount, PropertyValue

POOL = pool_info(suspended=False)
DATASET = Dataset("tank/a b", "filesystem", 1, 1)
MOUNT = Mount("tank/a b", "/tank/a b", 0, 0, 0o755)
SHARED = replace(DATASET, properties={"sharenfs": PropertyValue("on", LOCAL)})


def test_one_that_can() -> None:
    """A mounted filesystem is taken, a shared one if nothing uses it."""
    assert refuse_dataset(DATASET, MOUNT, POOL, idle=False) is MOUNT
    assert refuse_dataset(SHARED, MOUNT, POOL, idle=True) is MOUNT


@pytest.mark.parametrize(
    ("dataset", "mount", "pool", "reason"),
    [
        (replace(DATASET, kind="volume"), MOUNT, POOL, "it is a volume"),
        (DATASET, None, replace(POOL, mountable=False), "of an image cannot be mounted"),
        (DATASET, None, POOL, "it is not mounted"),
        (DATASET, replace(MOUNT, hidden=True), POOL, "is mounted over it"),
        (DATASET, replace(MOUNT, options=frozenset({"ro"})), POOL, "read-only"),
        (DATASET, MOUNT, replace(POOL, readonly=True), "read-only"),
        (SHARED, MOUNT, POOL, "it is shared by NFS"),
    ],
)
def test_those_that_cannot(
    dataset: Dataset, mount: Mount | None, pool: object, reason: str
) -> None:
    """Each has its reason."""
    with pytest.raises(PlanError, match=reason):
        refuse_dataset(dataset, mount, pool, idle=False)  # type: ignore[arg-type]
