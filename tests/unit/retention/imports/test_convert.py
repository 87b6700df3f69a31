"""The conversion of settings: the choice of a reader, and the use of its result."""

from __future__ import annotations

from importlib import import_module

import pytest

from zfstune.retention.imports.convert import FORMATS, convert
from zfstune.values.errors import PolicyError

SANOID = """\
[tank]
recursive = yes
frequently = 0
hourly = 0
daily = 3
weekly = 0
monthly = 0
yearly = 0
"""
TREE = ("tank", "tank/a")


@pytest.mark.parametrize("tool", FORMATS)
def test_each_format_has_a_reader(tool: str) -> None:
    """A format's module is called like it, and its reader refuses an empty text."""
    module = import_module(f"zfstune.retention.imports.{tool.replace('-', '_')}")
    assert callable(module.read)
    with pytest.raises(PolicyError, match=rf"^cannot import from {tool}"):
        convert(tool, "")


@pytest.mark.parametrize("tool", ["reading", "", "../cron", "zfs_autobackup", "Sanoid"])
def test_another_name_is_refused(tool: str) -> None:
    """Only the names of the formats choose a module, and the hint lists them."""
    with pytest.raises(PolicyError, match="zfstune cannot read its settings") as no:
        convert(tool, SANOID)
    assert no.value.hint == f"zfstune reads the settings of {', '.join(FORMATS)}"


def test_a_dataset_that_is_left_out_inherits_nothing() -> None:
    """A reader's result is completed: a part that is left out gets a policy of its own."""
    reading = convert("sanoid", f"{SANOID}[tank/a]\nprune_defer = 60\n", TREE)
    assert [each.name for each in reading.left_out] == ["tank/a"]
    assert [each.dataset for each in reading.policies] == ["tank/a", "tank"]
    assert reading.policies[0].text == "match=* never"


def test_stored_policies_count_only_where_the_datasets_are_known() -> None:
    """A stored policy is replaced on a known dataset; else a note tells of stored ones."""
    stored = {"tank/a": "match=autosnap_* keep=9"}
    known = convert("sanoid", SANOID, TREE, stored)
    replaced = [each for each in known.policies if each.dataset == "tank/a"]
    assert [each.replaces for each in replaced] == [stored["tank/a"]]
    unknown = convert("sanoid", SANOID.replace("recursive = yes\n", ""))
    assert all(each.replaces is None for each in unknown.policies)


def test_a_plan_without_datasets_replaces_nothing() -> None:
    """A plan is for no certain dataset, so a note names datasets that keep their own."""
    reading = convert("znapzend", "7d=>1h", TREE, {"tank/a": "keep=1"})
    [policy] = reading.policies
    assert (policy.dataset, policy.replaces) == ("", None)
    assert any("stored above them: tank/a; store" in note for note in reading.notes)
    assert convert("znapzend", "7d=>1h", TREE).notes == ()


def test_settings_that_prune_nothing_are_an_error() -> None:
    """Settings without a policy or a part that is left out are no import."""
    with pytest.raises(PolicyError, match="nothing in it prunes a snapshot"):
        convert("sanoid", SANOID + "autoprune = no\n", TREE)


ZREPL = """\
jobs:
- name: j
  type: snap
  filesystems: {tank<: true, tank/a<: false}
  pruning: {keep: [{type: last_n, count: 3}]}
"""


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("sanoid", f"{SANOID}[tank/a]\nautoprune = no\n"),
        ("pyznap", "[tank]\nclean = yes\nhourly = 1\n[tank/a]\nclean = no\n"),
        ("zrepl", ZREPL),
    ],
)
def test_a_dataset_that_is_left_alone_has_a_note_with_the_tools_name(
    tool: str, text: str
) -> None:
    """A policy that only keeps a dataset from inheriting tells whose settings want it."""
    policies = {each.dataset: each for each in convert(tool, text, TREE).policies}
    assert policies["tank/a"].text == "match=* never"
    note = f"tank/a: {tool} leaves it alone, and so does its own policy"
    assert note in policies["tank/a"].notes
    assert note not in policies["tank"].notes
