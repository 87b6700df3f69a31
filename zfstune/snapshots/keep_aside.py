"""Keep aside what a rollback is about to lose.

Each dataset that changed is sent into a clone of its own checkpoint, below
``POOL/zfstune-escape``. As ZFS rolls back to the newest snapshot alone, no snapshot in
the dataset itself could outlive it.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime

from zfstune.snapshots.rewind_plan import ESCAPE, FOLDER, has_changed
from zfstune.values import names
from zfstune.values.errors import EngineError, PlanError
from zfstune.values.marks import CHECKPOINT_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.rewind_plan import RewindPlan

__all__ = ["keep_aside"]

# Only what carries it goes again with the copies: others may make datasets here, too.
_MARK = {CHECKPOINT_PROPERTY: FOLDER}


def keep_aside(engine: Engine, plan: RewindPlan) -> tuple[str, tuple[str, ...]]:
    """Copy what is lost aside: each dataset, as a clone of its own checkpoint.

    Returns:
        Where, empty where nothing was lost; and the datasets that lose nothing.

    Raises:
        PlanError: Something could not be kept; nothing was rolled back.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    top = f"{plan.escape}/{plan.checkpoint}-{stamp}"
    short = f"escape-{stamp}"
    engine.take_snapshots(
        [f"{one.dataset}@{short}" for one in plan.rewinds],
        properties={CHECKPOINT_PROPERTY: ESCAPE},
    )
    changed = [
        one
        for one in plan.rewinds
        if has_changed(one, engine.snapshots(one.dataset, properties=True))
    ]
    unchanged = tuple(one.dataset for one in plan.rewinds if one not in changed)
    if not changed:
        return "", unchanged
    if not engine.exists(plan.escape):
        # nothing below it is ever mounted by itself
        unmounted = {"mountpoint": "none", "canmount": "off"}
        engine.create(plan.escape, properties={**unmounted, **_MARK})
    engine.create(top, properties=_MARK)
    for one in changed:
        target = f"{top}/{one.dataset}"
        for ancestor in names.ancestors_of(target):
            if not engine.exists(ancestor):
                engine.create(ancestor, properties=_MARK)
        try:
            _copy(engine, f"{one.dataset}@{short}", f"{target}@{short}", one.snapshot)
        except EngineError as error:
            raise PlanError(
                f"cannot keep what '{one.dataset}' would lose: {error.reason}",
                hint="nothing was rolled back; --no-escape goes on without",
            ) from error
    return top, unchanged


def _copy(engine: Engine, source: str, target: str, base: str) -> None:
    """Send what came after `base` into a clone of it."""
    out, into = os.pipe()
    failed: list[BaseException] = []

    def send() -> None:
        try:
            engine.send(source, into, base=base)
        except BaseException as error:  # noqa: BLE001 (raised in the caller's thread)
            failed.append(error)
        finally:
            os.close(into)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        engine.receive(target, out, origin=base)
    except EngineError as error:
        failed.append(error)
    finally:
        while os.read(out, 1 << 20):  # a sender that nobody reads would never end
            pass
        thread.join()
        os.close(out)
    if failed:  # the sender's first: its end makes the receiver fail too
        raise failed[0]
