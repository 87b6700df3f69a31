"""docs/reference/privileges.md speaks of each verb: in its table, or as one left out."""

from __future__ import annotations

import re

from privileges import NONE, privileges
from source_tree import ROOT
from zfstune.cli.parser import VERBS

PAGE = (ROOT / "docs/reference/privileges.md").read_text("utf-8")


def test_each_verb_is_there() -> None:
    """A verb that is new has a row, or is named as one that no test runs without root."""
    inside = {row.command.split()[0] for row in privileges()}
    left_out = re.findall(r"`(\w+)`", PAGE.partition("Not in the table")[2])
    assert sorted(left_out) == sorted(VERBS.keys() - inside)
    assert inside <= VERBS.keys()


def test_each_row_says_on_what() -> None:
    """Permissions are delegated on a dataset, and nothing is where there are none."""
    for row in privileges():
        assert bool(row.on) == (row.words != NONE), row
