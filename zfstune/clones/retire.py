"""Retire a golden image, and destroy it once its last clone is gone.

The mark comes first, and the dataset goes last with it: a run that was killed is
completed by the next.
"""

from __future__ import annotations

from zfstune.clones.retire_plan import plan_retire
from zfstune.clones.seal import HOLD_TAG, Seal
from zfstune.clones.survey import find_image
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.snapshots.checkpoint import system_dataset
from zfstune.snapshots.destroy_datasets import destroy_datasets
from zfstune.snapshots.rewind_plan import is_held
from zfstune.values.marks import GOLDEN_PROPERTY
from zfstune.values.names import check_dataset, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.clones.retire_plan import RetirePlan
    from zfstune.engine.protocol import Engine

__all__ = ["retire"]


def retire(
    image: str,
    *,
    lose: Iterable[str] = (),
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[RetirePlan], None] | None = None,
) -> RetirePlan:
    """Retire an image, so that no further clone is stamped from it.

    With consent it is destroyed, if no clone is left; clones stay, and are named.

    Args:
        image: The golden image.
        lose: Consent to losses: of the ``image`` with its dataset, and of the other
            ``snapshots`` of that dataset.
        dry_run: Change nothing.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.

    Returns:
        The plan that was carried out; `plan.clones` names the clones that keep the image.

    Raises:
        PlanError: The dataset is no image; or it would be destroyed, and a loss lacks
            consent, or something hangs on it.
        EngineError: ZFS refused; another run goes on from there.
    """
    with using(engine) as zfs:
        ready_pool(zfs, pool_of(check_dataset(image)), operation="retire an image in")
        plan = _plan(zfs, image, tuple(lose))
        if show is not None:
            show(plan)
        if not dry_run:
            _carry_out(zfs, plan)
        return plan


def _plan(engine: Engine, name: str, lose: tuple[str, ...]) -> RetirePlan:
    found = find_image(engine, name, "retire")
    listed = [snapshot.name for snapshot in engine.snapshots(name)]
    snapshots = list(engine.find_snapshots(listed, properties=True).values())
    return plan_retire(
        found,
        snapshots,
        {s.name: engine.holds(s.name) for s in snapshots if is_held(s)},
        lose=lose,
        below=[ds.name for ds in engine.datasets(name) if ds.name != name],
        system=system_dataset(engine.mounts()) == name,
    )


def _carry_out(engine: Engine, plan: RetirePlan) -> None:
    if plan.mark:
        seal = find_image(engine, plan.image, "retire").seal
        engine.set(plan.image, {GOLDEN_PROPERTY: Seal(seal.guid, retired=True).text})
    if not plan.destroy:
        return
    if plan.release:
        engine.release([plan.release], HOLD_TAG)
    own = [name for name in plan.victims if name != plan.image]
    destroy_datasets(engine, {plan.image: own})
