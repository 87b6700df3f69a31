"""The run of one dataset: what its target is given comes first, and fails last."""

from __future__ import annotations

import pytest

from two_pools import run, two_pools
from zfstune.streams.carry_one import DatasetRun
from zfstune.streams.local_side import LocalSide
from zfstune.streams.meter import Meter
from zfstune.streams.prepare import plan_replication, read_end
from zfstune.streams.replication_plan import Choices
from zfstune.streams.steps import MadeInert
from zfstune.values.errors import EngineError
from zfstune.values.frozen import replace

CHOICES = Choices(None, True, {}, (), False, ())


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_copy_lacks_is_set_first(*, fails: bool) -> None:
    """A stream does not wait for a property that is refused; the error comes at the end."""
    tank, back = two_pools()
    run(tank, back)
    tank.take("tank/a@next")
    sending, receiving = LocalSide(tank.zfs), LocalSide(back.zfs)
    plan = plan_replication(
        [read_end(sending, "tank/a")], "back/a", sending, receiving, CHOICES
    ).datasets[0]
    inert = MadeInert("back/a", {"exec": "off"})
    told: list[str] = []

    def change(name: str, values: dict[str, str], inherited: object) -> None:
        told.append(f"{name} {values} {inherited}")
        if fails:
            raise EngineError(operation="set", target=name, reason="no")

    receiving.change_properties = change  # type: ignore[method-assign,assignment]
    one = DatasetRun(
        replace(plan, inert=inert),
        sending,
        receiving,
        Meter(None, 1),
        lambda step: told.append(step.describe()),
    )
    if fails:
        with pytest.raises(EngineError, match="no"):
            one.carry_out([])
    else:
        one.carry_out([])
    assert told[0] == "back/a {'exec': 'off'} ()"
    assert (inert.describe() in told) != fails
    assert told[-1].startswith("incremental tank/a@next")
    assert back.shorts("back/a")[-1] == "next"
