"""Copies dropped in order, and a plan that is shown before anything goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.snapshots.drop_copies import drop_copies, list_copies
from zfstune.snapshots.rewind_plan import FOLDER
from zfstune.values.errors import NotFound
from zfstune.values.marks import CHECKPOINT_PROPERTY

if TYPE_CHECKING:
    from zfstune.snapshots.copies_plan import CopiesPlan

TOP = "tank/zfstune-escape"
KEPT = f"{TOP}/one-20261123T101500Z"


class DroppingEngine(FakeEngine):
    """An engine that can destroy datasets."""

    def destroy(self, name: str) -> None:
        """Destroy one dataset."""
        self.calls.append(("destroy dataset", (name,)))
        del self.marks[name]


@pytest.fixture
def engine() -> DroppingEngine:
    """Give a pool in which a rollback kept a copy."""
    made = DroppingEngine("tank", "tank/a", TOP, KEPT, f"{KEPT}/tank", f"{KEPT}/tank/a")
    for name in (TOP, KEPT, f"{KEPT}/tank"):
        made.marks[name] = {CHECKPOINT_PROPERTY: FOLDER}
    made.marks[f"{KEPT}/tank/a"] = {"origin": "tank/a@x"}
    made.take_snapshots([f"{KEPT}/tank/a@s"])
    made.calls.clear()
    return made


def test_each_goes_before_what_holds_it(engine: DroppingEngine) -> None:
    """The clone first, with its snapshot; the plan was shown, and nothing else goes."""
    shown: list[CopiesPlan] = []
    [listed] = list_copies(engine=engine.seam)
    plan = drop_copies(listed.name, engine=engine.seam, dry_run=True, show=shown.append)
    assert (shown, engine.calls) == ([plan], [])
    assert drop_copies(KEPT, engine=engine.seam) == plan
    gone = [names[0] for call, names in engine.calls if call == "destroy dataset"]
    assert gone == [f"{KEPT}/tank/a", f"{KEPT}/tank", KEPT, TOP]
    assert ("destroy", (f"{KEPT}/tank/a@s",)) in engine.calls
    assert sorted(engine.marks) == ["tank", "tank/a"]
    assert list_copies(engine=engine.seam) == ()


def test_no_such_copies(engine: DroppingEngine) -> None:
    """Nothing goes where one of the names is wrong."""
    with pytest.raises(NotFound):
        drop_copies("one-20261123T101500Z", "two", engine=engine.seam)
    assert engine.calls == []
