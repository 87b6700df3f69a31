# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Which words and which timers a schedule comes to."""

from __future__ import annotations

import pytest

from ansible_collections.zfstune.storage.plugins.modules import schedule

PARAMS = {
    "datasets": ["tank/a"],
    "roles": [],
    "every": None,
    "replicate_to": None,
    "timers": True,
    "prune": True,
    "on_failure": None,
    "unit_folder": schedule.FOLDER,
    "state": "present",
}
FOLDER = ["--dir", schedule.FOLDER]


@pytest.mark.parametrize(
    ("options", "verb", "words"),
    [
        ({}, "install", [*FOLDER, "--", "tank/a"]),
        ({"replicate_to": []}, "install", ["--no-replicate", *FOLDER, "--", "tank/a"]),
        (
            {"every": "daily", "replicate_to": [], "timers": False},
            "set",
            ["--every", "daily", "--no-replicate", "--", "tank/a"],
        ),
        ({"prune": False}, "install", [*FOLDER, "--no-prune", "--", "tank/a"]),
        (
            {"every": "daily", "replicate_to": ["b:a"], "timers": False},
            "set",
            ["--every", "daily", "--replicate", "b:a", "--", "tank/a"],
        ),
        ({"state": "absent"}, "remove", [*FOLDER, "--", "tank/a"]),
        ({"datasets": [], "roles": ["web"]}, "install", [*FOLDER, "--role", "web"]),
    ],
)
def test_words(options, verb, words):
    """Each option has its word, and a target list that is empty ends the replication."""
    assert schedule.words_of(dict(PARAMS, **options)) == (["schedule", verb], words)


class FakeModule:
    """A module on a host with systemd, on which one timer runs."""

    def __init__(self):
        self.params = dict(PARAMS)
        self.ran = []

    def run_command(self, argv, check_rc=False):
        """Note what is run; the timer `runs.timer` alone is active."""
        self.ran.append(argv[1:])
        return (0 if argv[-1] in ("runs.timer", "daemon-reload") else 3), "", ""


def test_timers_that_are_started():
    """Those that changed and those that do not run; nobody reloads for nothing."""
    module = FakeModule()
    systemd = schedule.Systemd(module)
    systemd.runs = True
    names = ("runs.timer", "stopped.timer", "same.service")
    kept = [{"name": name, "action": "keep"} for name in names]
    new = {"name": "new.timer", "action": "write"}
    gone = {"name": "gone.timer", "action": "remove"}
    assert systemd.to_start([*kept, new, gone]) == ["stopped.timer", "new.timer"]
    module.ran = []
    systemd.follow(kept, [])
    assert module.ran == []
    systemd.stop([*kept, gone])
    systemd.follow([*kept, new], ["new.timer"])
    assert module.ran == [
        ["stop", "gone.timer"],
        ["daemon-reload"],
        ["restart", "new.timer"],
    ]


def test_units_elsewhere_are_not_started():
    """A folder that systemd does not read is none of its business."""
    module = FakeModule()
    module.params["unit_folder"] = "/tmp/units"
    systemd = schedule.Systemd(module)
    assert systemd.to_start([{"name": "new.timer", "action": "write"}]) == []
    assert module.ran == []
