"""The plan's steps for NFS: exports, withdrawals and warnings."""

from __future__ import annotations

import pytest

from model_pool import Model, app_profile, applied
from zfstune.datasets.actions import Adjust, Export, Remount
from zfstune.datasets.cautions import Caution
from zfstune.values.exports import Exports

NOBODY = Exports({}, frozenset(), frozenset())


def test_a_share_is_exported_and_withdrawn() -> None:
    """A share is exported, on datasets below too, and is withdrawn once it is off."""
    wants = app_profile("app", "app", "app/x", sharenfs="rw=@10.0.0.0/24")
    plan = Model().plan(wants, exports=NOBODY)
    exports = [a for a in plan.actions if isinstance(a, Export)]
    assert [a.describe() for a in exports] == [
        f"export /data/app{below} over NFS (rw=@10.0.0.0/24)" for below in ("", "/x")
    ]
    assert exports[0].to_dict()["action"] == "export"
    model = applied(wants)
    lines = {a.path: a.lines for a in exports}
    now = Exports(lines, frozenset(), frozenset(lines))
    assert not model.plan(wants, exports=now).pending
    over = model.plan(app_profile("app", "app", "app/x"), exports=now)
    assert [a.describe() for a in over.actions if isinstance(a, Export)] == [
        f"withdraw /data/app{below} from NFS" for below in ("", "/x")
    ]


@pytest.mark.parametrize("above", ["tank", "tank/data"])
def test_a_value_that_is_inherited_again_has_its_effects(above: str) -> None:
    """A mount and an export follow the value from above, wherever that was set."""
    model = applied(app_profile(atime="on", sharenfs="ro"))
    model.local[above] |= {"atime": "off", "sharenfs": "rw=host"}
    adjust, remount, export = model.plan(app_profile(), exports=NOBODY).actions
    assert isinstance(adjust, Adjust)
    assert adjust.inherited == ("atime", "sharenfs")
    assert remount == Remount("tank/data/app", "/data/app", "+noatime")
    assert export.describe() == "export /data/app over NFS (rw=host)"


def test_no_server_and_no_sense() -> None:
    """Where nothing can be exported, the plan says so and has no such step."""
    wants = app_profile(sharenfs="on")
    plan = Model().plan(wants, exports=Exports({}, frozenset(), frozenset(), False))
    assert not any(isinstance(action, Export) for action in plan.actions)
    missing = Caution(
        "tank/data/app",
        "it is not exported: this system has no NFS server",
        "install nfs-kernel-server or nfs-utils, and apply again",
    )
    assert plan.warnings == (missing,)
    wants = app_profile(sharenfs="off")
    plan = Model().plan(wants, exports=Exports({}, frozenset(), frozenset(), False))
    assert plan.warnings == ()
    model = Model({"tank": {"sharenfs": "rw=a b"}})
    [warning] = model.plan(app_profile(), exports=NOBODY).warnings
    assert (warning.dataset, "blank" in warning.message) == ("tank/data/app", True)


@pytest.mark.parametrize("options", ["no_root_squash", "crossmnt", "sec=sys"])
def test_the_plan_says_that_nobody_is_served(options: str) -> None:
    """A value with neither rw nor ro is set, and is a warning while it is."""
    wants = app_profile(sharenfs=options)
    plan = Model().plan(wants, exports=NOBODY)
    assert not any(isinstance(action, Export) for action in plan.actions)
    [warning] = plan.warnings
    assert warning.dataset == "tank/data/app"
    assert warning.message == (
        f"sharenfs={options} has neither rw nor ro, so NFS serves it to nobody"
    )
    assert f"sharenfs=rw,{options} to everybody" in warning.hint
    again = applied(wants).plan(wants, exports=NOBODY)
    assert (again.pending, len(again.warnings)) == (False, 1)


def test_the_plan_says_that_the_world_is_served() -> None:
    """A value set by hand that `zfs share` reads as everybody is a warning."""
    model = Model({"tank": {"sharenfs": "rw=2001:db8::1"}})
    now = {"/data/app": ("/data/app (sec=sys,rw)",)}
    for exports, beginning in (
        (NOBODY, "it is not exported"),
        (Exports(now, frozenset(), frozenset()), "it is served the way `zfs share` reads"),
        (
            Exports({}, frozenset(), frozenset(now)),
            "it is served the way `zfs share` reads",
        ),
        (Exports({}, frozenset(now), frozenset(now)), "it is not exported"),
    ):
        [warning] = model.plan(app_profile(), exports=exports).warnings
        assert warning.message.startswith(beginning)
        assert warning.dataset == "tank/data/app"
        assert warning.hint.startswith("an IPv6 address or network stands in brackets")
        assert "would serve everybody" in warning.message


def test_a_stream_shares_nothing() -> None:
    """A sharenfs that came in a stream is not exported, nor on datasets that inherit it."""
    model = applied(app_profile("app", "app", "app/x"))
    model.received["tank/data/app"] = {"sharenfs": "on"}
    plan = model.plan(app_profile("app", "app", "app/x"), exports=NOBODY)
    assert not any(isinstance(action, Export) for action in plan.actions)
    assert plan.warnings == tuple(
        Caution(
            name,
            "it is not exported: its sharenfs came with a stream",
            f"to export it: `zfs set sharenfs=... {name}`",
        )
        for name in ("tank/data/app", "tank/data/app/x")
    )
    # A sharenfs that somebody sets here is exported, also below a received one.
    model.local["tank/data/app/x"]["sharenfs"] = "ro"
    plan = model.plan(app_profile("app", "app", "app/x"), exports=NOBODY)
    [export] = [action for action in plan.actions if isinstance(action, Export)]
    assert export.describe() == "export /data/app/x over NFS (ro)"
