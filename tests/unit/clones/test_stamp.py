"""Stamping: a clone is used only when it has an identity of its own, however runs end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clone_engine import Killed
from zfstune.clones.clone import clone
from zfstune.clones.retire import retire
from zfstune.clones.stamp import stamp
from zfstune.clones.stamp_plan import Owner
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.marks import STAMP_PROPERTY

if TYPE_CHECKING:
    from clone_engine import CloneEngine

NAMES = ("tank/nodes/a", "tank/nodes/b")


def check_finished(tank: CloneEngine, *names: str) -> None:
    """See that clones are whole, mounted at their place, and nobody else's double."""
    guid = tank.taken["tank/node@golden"].guid
    for name in names:
        assert tank.local[name] == {"canmount": "on", STAMP_PROPERTY: str(guid)}
        root = Path(tank.mounted[name])
        assert root == tank.folder / "mnt" / name.removeprefix("tank/")
        assert (root / "etc/machine-id").read_bytes() == b""
        assert [p.name for p in (root / "etc/ssh").iterdir()] == ["sshd_config"]


def test_clones_are_finished(sealed: CloneEngine) -> None:
    """The image keeps its identity, and a second run changes nothing."""
    done = stamp("tank/node", *NAMES, engine=sealed.zfs)
    assert (done.done, done.left) == (NAMES, {})
    check_finished(sealed, *NAMES)
    image = sealed.folder / "content" / "tank:node"
    assert (image / "etc/machine-id").read_text() == "0123456789abcdef\n"
    sealed.changes.clear()
    again = stamp("tank/node", *NAMES, engine=sealed.zfs)
    assert (again.plan.there, again.done, sealed.changes) == (NAMES, (), [])


def test_it_converges_wherever_it_is_killed(sealed: CloneEngine) -> None:
    """Killed before each change in turn: the next run finishes, and no double is used."""
    for left in range(40):
        sealed.left = left
        try:
            stamp("tank/node", *NAMES, engine=sealed.zfs)
        except Killed:
            pass
        else:
            break
        sealed.left = None
        for name in NAMES:  # what is unfinished is mounted where root alone may go
            if "unfinished" in sealed.local.get(name, {}).get(STAMP_PROPERTY, ""):
                assert sealed.local[name]["canmount"] == "noauto"
                assert "/run/clones/" in sealed.mounted.get(name, "/run/clones/")
        done = stamp("tank/node", *NAMES, engine=sealed.zfs)
        assert done.left == {}
        check_finished(sealed, *NAMES)
        for name in NAMES:
            sealed.unmount(name)
            sealed.destroy(name)
    else:
        pytest.fail("a run takes fewer changes than that")
    assert left > 8


def test_a_finished_clone_is_mounted_by_the_next_run(sealed: CloneEngine) -> None:
    """A run may be killed between the last mark and the mount."""
    stamp("tank/node", *NAMES, engine=sealed.zfs)
    sealed.unmount(NAMES[0])
    assert stamp("tank/node", *NAMES, engine=sealed.zfs).done == ()
    check_finished(sealed, *NAMES)


def test_a_hostile_image_stays_unfinished(sealed: CloneEngine) -> None:
    """It is unmounted and said; the other clones are finished."""
    etc = sealed.folder / "content" / "tank:node" / "etc"
    etc.rename(sealed.folder / "mine")
    etc.symlink_to(sealed.folder / "mine")
    done = stamp("tank/node", *NAMES, engine=sealed.zfs)
    assert set(done.left) == set(NAMES)
    assert sealed.mounted == {}
    assert (sealed.folder / "mine/machine-id").read_text() == "0123456789abcdef\n"
    assert done.to_dict()["left"] == {n: e.message for n, e in done.left.items()}
    kept = stamp("tank/node", *NAMES, keep_identity=True, engine=sealed.zfs)
    assert (set(kept.done), kept.left) == (set(NAMES), {})
    assert sealed.local[NAMES[0]].keys() == {"canmount", STAMP_PROPERTY}


def test_an_owner_is_given_before_anybody_uses_it(sealed: CloneEngine) -> None:
    """While the clone is mounted out of reach."""
    stamp("tank/node", NAMES[0], owner=Owner(uid=5), engine=sealed.zfs)
    given = next(i for i, c in enumerate(sealed.changes) if c.startswith("give"))
    assert "'uid': 5" in sealed.changes[given]
    assert any(c.startswith("unmount") for c in sealed.changes[given:])


def test_an_image_file_cannot_be_opened(sealed: CloneEngine) -> None:
    """Its clones wait for a kernel; with the identity of the image they are finished."""
    sealed.mountable = False
    done = stamp("tank/node", *NAMES, engine=sealed.zfs)
    assert "it lies in an image" in done.left[NAMES[0]].message
    sealed.mountable = True
    assert stamp("tank/node", *NAMES, engine=sealed.zfs).left == {}
    check_finished(sealed, *NAMES)


def test_a_clone_of_somebody_else_is_left_alone(sealed: CloneEngine) -> None:
    """One that was snapshotted counts nothing as written since, and is in use."""
    clone("tank/node@golden", NAMES[0], mount=False, engine=sealed.zfs)
    sealed.take_snapshots([f"{NAMES[0]}@mine"])
    with pytest.raises(PlanError, match="somebody else cloned it"):
        stamp("tank/node", *NAMES, engine=sealed.zfs)
    sealed.destroy_snapshots([f"{NAMES[0]}@mine"])
    assert stamp("tank/node", *NAMES, engine=sealed.zfs).left == {}
    check_finished(sealed, *NAMES)


@pytest.mark.parametrize("wait_s", [-1, float("nan"), float("inf")])
def test_a_wait_that_makes_no_sense(sealed: CloneEngine, wait_s: float) -> None:
    """It would never end, or is none."""
    with pytest.raises(InvalidValue, match="for device nodes"):
        stamp("tank/disk", *NAMES, wait_s=wait_s, engine=sealed.zfs)


def test_nothing_is_made_of_a_bad_plan_or_a_dry_run(sealed: CloneEngine) -> None:
    """Nor from what is no image, or a retired one."""
    stamp("tank/node", *NAMES, dry_run=True, engine=sealed.zfs)
    with pytest.raises(PlanError, match="it is no golden image"):
        stamp("tank/nodes", *NAMES, engine=sealed.zfs)
    with pytest.raises(PlanError, match="is no clone of it"):
        stamp("tank/node", NAMES[0], "tank/disk", engine=sealed.zfs)
    assert sealed.changes == []
    retire("tank/node", engine=sealed.zfs)
    with pytest.raises(PlanError, match="it is retired"):
        stamp("tank/node", *NAMES, engine=sealed.zfs)
