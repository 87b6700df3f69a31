"""Copy aside the files that a rollback is about to lose.

Each dataset that changed is sent into a clone of its own snapshot, below
``POOL/zfstune-escape``. As ZFS rolls back to the newest snapshot alone, no snapshot in
the dataset itself could outlive it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.engine.relay import relay
from zfstune.snapshots.rewind_plan import ESCAPE, FOLDER, has_changed
from zfstune.values import names
from zfstune.values.errors import EngineError, PlanError
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.text import utc_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.rewind_plan import RewindPlan

__all__ = ["keep_aside"]

# Dropping a checkpoint destroys only datasets with this mark: there may be others.
_MARK = {CHECKPOINT_PROPERTY: FOLDER}


def keep_aside(
    engine: Engine, plan: RewindPlan, step: Callable[[int], object] = lambda _: None
) -> tuple[str, tuple[str, ...]]:
    """Copy each dataset that changed aside, into a clone of its own snapshot.

    Args:
        engine: Where the datasets are.
        plan: The plan of the rollback.
        step: Is told after each copy that it is done, and at once how many need none.

    Returns:
        The dataset below which the copies are, empty where nothing would be lost; and
        the names of the datasets that lose nothing.

    Raises:
        PlanError: A dataset could not be copied; nothing was rolled back.
    """
    stamp = utc_stamp(datetime.now(UTC))
    top = f"{plan.escape}/{plan.label}-{stamp}"
    short = f"escape-{stamp}"
    engine.take_snapshots(
        [f"{rewind.dataset}@{short}" for rewind in plan.rewinds],
        properties={CHECKPOINT_PROPERTY: ESCAPE},
    )
    changed = [
        rewind
        for rewind in plan.rewinds
        if has_changed(rewind, engine.snapshots(rewind.dataset, properties=True))
    ]
    unchanged = tuple(r.dataset for r in plan.rewinds if r not in changed)
    step(len(unchanged))
    if not changed:
        return "", unchanged
    if not engine.exists(plan.escape):
        # Nothing below it is mounted unless somebody gives it a mountpoint.
        unmounted = {"mountpoint": "none", "canmount": "off"}
        engine.create(plan.escape, properties={**unmounted, **_MARK})
    engine.create(top, properties=_MARK)
    for rewind in changed:
        target = f"{top}/{rewind.dataset}"
        for ancestor in names.ancestors_of(target):
            if not engine.exists(ancestor):
                engine.create(ancestor, properties=_MARK)
        try:
            source = f"{rewind.dataset}@{short}"
            _copy(engine, source, f"{target}@{short}", rewind.snapshot)
        except EngineError as error:
            raise PlanError(
                f"cannot copy the files that '{rewind.dataset}' would lose: {error.reason}",
                hint="nothing was rolled back; --no-escape goes on without copies",
            ) from error
        step(1)
    return top, unchanged


def _copy(engine: Engine, source: str, target: str, base: str) -> None:
    """Send the changes since `base` into a clone of it."""
    relay(
        lambda fd: engine.send(source, fd, base=base),
        lambda fd: engine.receive(target, fd, origin=base),
    )
