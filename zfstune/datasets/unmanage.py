"""Take zfstune's marks off datasets."""

from __future__ import annotations

from zfstune.datasets.unmanage_plan import plan_unmanage
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.values.names import check_dataset, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.datasets.unmanage_plan import UnmanagePlan
    from zfstune.engine.protocol import Engine

__all__ = ["unmanage"]


def unmanage(
    dataset: str,
    *,
    recursive: bool = False,
    dry_run: bool = False,
    engine: Engine | None = None,
) -> UnmanagePlan:
    """Stop managing a dataset: take the marks off again, and change nothing else.

    Values, mounts, owners and snapshots stay as they are, and so do a schedule and a
    policy. A run that ends midway is completed by the next.

    Args:
        dataset: Full name.
        recursive: All managed datasets below it, too.
        dry_run: Return the plan and change nothing.
        engine: Default: the running kernel's ZFS.

    Raises:
        NotFound: There is no such dataset.
        PlanError: zfstune does not manage it.
    """
    with using(engine) as zfs:
        ready_pool(zfs, pool_of(check_dataset(dataset)), operation="change pool")
        plan = plan_unmanage(dataset, zfs.datasets(dataset), recursive=recursive)
        if not dry_run:
            for name, marks in plan.marks:
                for mark in marks:
                    zfs.inherit(name, mark)
        return plan
