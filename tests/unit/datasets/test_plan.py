"""A plan as a value: as JSON, and its advice on leftovers."""

from __future__ import annotations

import json

from model_pool import Model, applied
from zfstune.datasets.plan import Leftover, advice
from zfstune.profiles.load import load
from zfstune.values.frozen import replace


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
            "at",
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
    assert alone == (
        "if this machine is to have both roles, name both in one call; if not, "
        "`zfs destroy -nvr 'tank/data/a b'` shows all that it would destroy"
    )
    scheduled = Leftover("tank/data/b", ("web",), "it stays", scheduled=True)
    shared = Leftover("tank/data/c", ("nfs",), "it stays", shared=True)
    also = replace(scheduled, dataset="tank/data/d e", shared=True)
    assert advice([quiet, scheduled, shared, also]) == (
        "if this machine is to have both roles, name both in one call; if not, "
        "`zfstune schedule remove tank/data/b 'tank/data/d e'` ends the snapshots, "
        "`zfs set sharenfs=off tank/data/c 'tank/data/d e'` ends the share over NFS, "
        "`zfs destroy -nvr DATASET` shows all that it would destroy"
    )
    assert [each.to_dict() for each in (quiet, also)] == [
        {
            "dataset": "tank/data/a b",
            "profiles": ["web"],
            "reason": "it stays",
            "scheduled": False,
            "shared": False,
            "hint": alone,
        },
        {
            "dataset": "tank/data/d e",
            "profiles": ["web"],
            "reason": "it stays",
            "scheduled": True,
            "shared": True,
            "hint": advice([also]),
        },
    ]
