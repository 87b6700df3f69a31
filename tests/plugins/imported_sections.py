"""Short forms of settings and policies, for tables in tests of readers.

A file is written `tank: daily=4, hourly=5; tank/a: daily=3`, with semicolons between
sections and commas between lines; an ampersand in a value is a comma. A policy is shown
as `h5 d4`, the count of each kind by its first letter. No policy, and one that leaves
all alone, is shown as `-`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zfstune.retention.imports.reading import LEAVE_ALONE, in_force
from zfstune.retention.rule_kinds import Last

if TYPE_CHECKING:
    from collections.abc import Collection

    from zfstune.retention.imports.convert import Reading
    from zfstune.retention.policy import Policy

__all__ = ["all_notes", "counts", "summary", "written"]


def written(sections: str) -> str:
    """Write the text of a file from its short form."""
    text = ""
    for section in sections.split("; "):
        name, _, lines = section.partition(": ")
        text += f"[{name}]\n"
        for line in filter(None, lines.split(", ")):
            text += line.replace("&", ",") + "\n"
    return text


def counts(policy: Policy | None) -> str:
    """Show the count of each kind that a policy keeps."""
    if policy in (None, LEAVE_ALONE):
        return "-"
    assert policy is not None
    words = []
    for group in policy.groups:
        found = re.fullmatch(r".*_([a-z]+)", group.match or group.regex or "")
        assert found is not None
        words += [f"{found[1][0]}{r.count}" for r in group.rules if isinstance(r, Last)]
    return " ".join(word for word in words if word[1] != "0")


def summary(reading: Reading, tree: Collection[str], *, but: Collection[str] = ()) -> str:
    """Show the counts of each dataset of a tree, as in `tank tank/a d4, tank/z h3`.

    Args:
        reading: The reading.
        tree: The datasets.
        but: Words that are not shown.
    """
    found: dict[str, list[str]] = {}
    for name, policy in in_force(reading, tree).items():
        said = counts(policy)
        if said != "-":
            shown = " ".join(word for word in said.split() if word not in but)
            found.setdefault(shown, []).append(name)
    return ", ".join(f"{' '.join(names)} {said}" for said, names in found.items())


def all_notes(reading: Reading) -> str:
    """Join the notes of a reading's policies, a line each."""
    return "\n".join(note for each in reading.policies for note in each.notes)
