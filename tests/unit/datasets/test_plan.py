"""A plan as a value: as JSON, and its advice on leftovers."""

from __future__ import annotations

import json

from model_pool import Model, applied
from zfstune.datasets.plan import Leftover, advice
from zfstune.profiles.load import load


def test_json_is_the_plan() -> None:
    """Everything in the plan survives JSON, under the keys that are promised."""
    postgres = load("postgres")
    model = applied(postgres)
    model.local["tank/data/postgres"]["recordsize"] = "16384"
    model.mounts.pop("tank/data/postgres/wal")
    for plan in (Model().plan(postgres), model.plan(postgres)):
        found = json.loads(json.dumps(plan.to_dict()))
        assert list(found) == [
            "pool",
            "root",
            "profiles",
            "pending",
            "actions",
            "warnings",
            "facts",
            "mountpoints",
            "unchanged",
            "leftovers",
        ]
        assert len(found["actions"]) == len(plan.actions)
        assert {a["action"] for a in found["actions"]} <= {
            "create",
            "adjust",
            "mount",
            "own",
        }
        assert all(a["dataset"] for a in found["actions"])
    [change] = [c for a in found["actions"] for c in a.get("changes", [])]
    assert (change["old"], change["new"], change["drift"]) == ("16384", "8192", True)


def test_advice_on_leftovers() -> None:
    """All leftovers get one sentence; DATASET stands for several in `zfs destroy`."""
    quiet = Leftover("tank/data/a b", ("web",), "it stays")
    alone = advice([quiet])
    assert alone.startswith("if this machine is to have both roles, name both")
    assert alone.endswith(
        "`zfs destroy -nvr 'tank/data/a b'` shows all that it would destroy"
    )
    scheduled = Leftover("tank/data/b", ("web",), "it stays", scheduled=True)
    shared = Leftover("tank/data/c", ("nfs",), "it stays", shared=True)
    together = advice([quiet, scheduled, shared])
    assert "`zfstune schedule remove tank/data/b` ends the snapshots" in together
    assert "`zfs set sharenfs=off tank/data/c` ends the share over NFS" in together
    assert together.endswith("`zfs destroy -nvr DATASET` shows all that it would destroy")
    assert quiet.to_dict()["hint"] == alone
