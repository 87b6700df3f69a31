# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""A plan as the two sides of a diff."""

from __future__ import annotations

from ansible_collections.zfstune.storage.plugins.module_utils.plan import both_sides


def test_a_new_dataset_has_nothing_before():
    """It appears with its properties, and without zfstune's own note."""
    values = {"recordsize": "8192", "org.zfstune:applied": "{}", "atime": "off"}
    plan = {"actions": [{"action": "create", "dataset": "tank/a", "properties": values}]}
    assert both_sides(plan) == (
        "",
        "tank/a exists\ntank/a atime=off\ntank/a recordsize=8192\n",
    )


def test_a_change_has_the_old_and_the_new_value():
    """A value that goes back to the one above is said to be inherited."""
    changes = [
        {"property": "recordsize", "old": "8192", "new": "16384"},
        {"property": "atime", "old": "on", "new": None},
        {"property": "org.zfstune:applied", "old": "{}", "new": "{1}"},
    ]
    plan = {"actions": [{"action": "adjust", "dataset": "tank/a", "changes": changes}]}
    assert both_sides(plan) == (
        "tank/a recordsize=8192\ntank/a atime=on\n",
        "tank/a recordsize=16384\ntank/a atime=(inherited)\n",
    )


def test_other_steps_are_a_line_each():
    """A step that zfstune may get later is shown as well, with all that it says."""
    actions = [
        {"action": "mount", "dataset": "tank/a", "path": "/a"},
        {"action": "export", "dataset": "tank/a", "lines": ["one", "two"], "mode": None},
    ]
    assert both_sides({"actions": actions}) == (
        "",
        "tank/a mount path=/a\ntank/a export lines=one two\n",
    )
    assert both_sides({}) == ("", "")
