# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""The plan of `zfstune apply`, as the two sides of a diff."""

from __future__ import annotations

# zfstune's own note of what it applied says nothing that the other lines do not say.
NOTE = "org.zfstune:applied"


def both_sides(plan):
    """Return the lines before and after a plan: a property or a step a line."""
    before, after = [], []
    for action in plan.get("actions", ()):
        old, new = _sides(action)
        before += old
        after += new
    return _text(before), _text(after)


def _sides(action):
    dataset = action.get("dataset", "")
    if action["action"] == "create":
        values = action["properties"]
        rows = [_row(dataset, name, values[name]) for name in sorted(values)]
        return [], ["{0} exists".format(dataset)] + [row for row in rows if row]
    if action["action"] == "adjust":
        old, new = [], []
        for change in action["changes"]:
            old.append(_row(dataset, change["property"], change["old"]))
            new.append(_row(dataset, change["property"], change["new"]))
        return [row for row in old if row], [row for row in new if row]
    facts = [
        "{0}={1}".format(name, " ".join(value) if isinstance(value, list) else value)
        for name, value in action.items()
        if name not in ("action", "dataset") and value not in (None, [], "")
    ]
    return [], [" ".join([dataset, action["action"], *facts])]


def _row(dataset, name, value):
    if name == NOTE:
        return ""
    return "{0} {1}={2}".format(dataset, name, "(inherited)" if value is None else value)


def _text(lines):
    return "".join("{0}\n".format(line) for line in lines)
