"""Actions: each one in a line, and as JSON."""

from __future__ import annotations

from model_pool import Model, app_profile
from zfstune.datasets.actions import (
    Adjust,
    Change,
    Create,
    Export,
    MountDataset,
    Remount,
    SetOwner,
)
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY


def test_describe_says_each_step_in_one_line() -> None:
    """Each description is one line, in the voice of the zfs command."""
    plan = Model().plan(app_profile(owner="app", recordsize="8K"))
    assert [action.describe() for action in plan.actions] == [
        "create tank/data (canmount=off mountpoint=/data)",
        "create tank/data/app (recordsize=8K)",
        "mount tank/data/app at /data/app",
        "give /data/app to app:app, mode 0750",
    ]
    only_mode = SetOwner("tank/a", "/a", None, None, None, None, 0o700)
    assert only_mode.describe() == "give /a mode 0700"


def test_an_adjustment_keeps_its_three_parts_apart() -> None:
    """Inheriting, setting and zfstune's own notes are three calls, in this order."""
    note = Change(APPLIED_PROPERTY, None, "{}", "zfstune's own note")
    adjust = Adjust(
        "tank/a",
        (
            Change("atime", "off", None, "w"),
            Change("recordsize", "8192", "16384", "w"),
            note,
        ),
    )
    assert adjust.inherited == ("atime",)
    assert adjust.values == {"recordsize": "16384"}
    assert adjust.notes == {APPLIED_PROPERTY: "{}"}
    assert adjust.describe() == (
        "change tank/a (atime off -> inherit, recordsize 8K -> 16K)"
    )
    only_note = Adjust("tank/a", (note,))
    assert only_note.describe() == "update zfstune's own notes on tank/a"


def test_a_change_to_the_value_in_force() -> None:
    """A value that was merely inherited is shown once; a missing one as unset."""
    assert Change("atime", "off", "off", "w").describe() == "atime=off"
    assert Change("quota", None, "1073741824", "w").describe() == "quota unset -> 1G"


def test_an_export_without_lines_withdraws() -> None:
    """The same action serves a path over NFS and stops serving it."""
    served = Export("tank/a", "/a", "rw", ("*:/a",))
    assert served.describe() == "export /a over NFS (rw)"
    assert served.to_dict()["action"] == "export"
    withdrawn = Export("tank/a", "/a", "off", ())
    assert withdrawn.describe() == "withdraw /a from NFS"
    assert withdrawn.to_dict()["action"] == "withdraw"


def test_a_mode_is_octal_text_in_json() -> None:
    """Other programs get a mode in the form that chmod takes."""
    own = SetOwner("tank/a", "/a", "app", None, 1000, None, 0o750)
    assert own.to_dict()["mode"] == "0750"
    assert own.describe() == "give /a to app, mode 0750"
    only_group = SetOwner("tank/a", "/a", None, "app", None, 1000, None)
    assert only_group.to_dict()["mode"] is None
    assert only_group.account == ":app"


def test_json_has_all_of_an_adjustment() -> None:
    """Each change is there with what it was, what it will be, and why."""
    change = Change("atime", "on", "off", "why", "source", drift=True, note="by hand")
    note = Change("exec", "off", None, "why too")
    assert Adjust("tank/a", (change, note)).to_dict() == {
        "action": "adjust",
        "dataset": "tank/a",
        "changes": [
            {
                "property": "atime",
                "old": "on",
                "new": "off",
                "why": "why",
                "source": "source",
                "drift": True,
                "note": "by hand",
            },
            {
                "property": "exec",
                "old": "off",
                "new": None,
                "why": "why too",
                "source": "",
                "drift": False,
                "note": "",
            },
        ],
    }


def test_json_has_each_attribute_by_its_name() -> None:
    """Other programs find all of a step under the names that the documents promise."""
    assert Create("tank/a", {"atime": "off"}, "logs", {"atime": "quick"}).to_dict() == {
        "action": "create",
        "dataset": "tank/a",
        "properties": {"atime": "off"},
        "why": "logs",
        "reasons": {"atime": "quick"},
    }
    assert MountDataset("tank/a", "/a").to_dict() == {
        "action": "mount",
        "dataset": "tank/a",
        "path": "/a",
    }
    assert Remount("tank/a", "/a", "+noexec").to_dict() == {
        "action": "remount",
        "dataset": "tank/a",
        "path": "/a",
        "changes": "+noexec",
    }
    assert Export("tank/a", "/a", "rw", ("*:/a",)).to_dict() == {
        "action": "export",
        "dataset": "tank/a",
        "path": "/a",
        "options": "rw",
        "lines": ["*:/a"],
    }
    assert SetOwner("tank/a", "/a", "app", "adm", 1000, 4, 0o750).to_dict() == {
        "action": "own",
        "dataset": "tank/a",
        "path": "/a",
        "owner": "app",
        "group": "adm",
        "uid": 1000,
        "gid": 4,
        "mode": "0750",
    }


def test_a_dataset_made_without_properties() -> None:
    """Only properties that somebody asked for stand in parentheses."""
    assert Create("tank/a", {}, "logs").describe() == "create tank/a"
    own = {PROFILE_PROPERTY: "web", APPLIED_PROPERTY: "{}"}
    assert Create("tank/a", own, "logs").describe() == "create tank/a"
    both = Create("tank/a", {"atime": "off", "recordsize": "8192", **own}, "logs")
    assert both.describe() == "create tank/a (atime=off recordsize=8K)"
    only_notes = Adjust("tank/a", tuple(Change(n, None, v, "") for n, v in own.items()))
    assert only_notes.describe() == "update zfstune's own notes on tank/a"
