"""The settings in force on each dataset, as sanoid's init() computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_sections import summary, written
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.sanoid_settings import (
    DEFAULTS,
    VERSIONS,
    settings_in_force,
)

if TYPE_CHECKING:
    from zfstune.retention.imports.sanoid_settings import Version

TREE = ("pool", "tank", "tank/a", "tank/a/b", "tank/ab", "tank/z")
ALL = "tank tank/a tank/a/b tank/ab tank/z"

# The defaults hourly=48 and monthly=6 are not shown.
SETTINGS = (
    # A recursive section overwrites earlier settings of the datasets below.
    ("tank/a: daily=365; tank: daily=7, recursive=yes", f"{ALL} d7"),
    ("tank: daily=7, recursive=yes; tank/z: daily=365",
     "tank tank/a tank/a/b tank/ab d7, tank/z d365"),
    # Datasets below a section that is not recursive keep the values from above.
    ("tank: daily=7, recursive=yes; tank/a: daily=3",
     "tank tank/a/b tank/ab tank/z d7, tank/a d3"),
    ("tank: daily=7, recursive=yes; tank/a: daily=3, recursive=1",
     "tank tank/ab tank/z d7, tank/a tank/a/b d3"),
    ("tank/a: daily=3", "tank/a d3"),
    ("tank/a: daily=3; tank/a/b: daily=4", "tank/a d3, tank/a/b d4"),
    # A later section adds to earlier settings, its templates before its keys.
    (("tank: recursive=yes, yearly=2; tank/z: use_template=p, daily=5; "
     "template_p: daily=4, weekly=9"),
     "tank tank/a tank/a/b tank/ab d90 y2, tank/z d5 w9 y2"),
    # Templates apply in their order; the file's default comes first, and once.
    (("tank/a: use_template=q & p; template_p: daily=4; template_q: daily=5, weekly=6; "
     "template_default: weekly=7, yearly=8"), "tank/a d4 w6 y8"),
    ("tank: recursive=yes, yearly=1; tank/z: weekly=2; template_default: yearly=8",
     "tank tank/a tank/a/b tank/ab d90 y1, tank/z d90 w2 y1"),
    # A template makes no section recursive, and uses no other template.
    (("tank: use_template=p; template_p: recursive=yes, use_template=q, daily=4; "
     "template_q: daily=5"), "tank d4"),
    ("tank: use_template=p; template_p: skip_children=yes, daily=4", "tank d4"),
    (("template_default: recursive=yes, use_template=q, daily=4; template_q: daily=5; "
     "tank: hourly=1"), "tank h1 d4"),
    # Each word that is not one for no is one for yes.
    ("tank: autoprune=no # offsite, daily=4", "tank d4"),
    ("tank: autoprune=nO, daily=4", "tank d4"),
    ("tank: autoprune=off; pool: autoprune=FALSE; tank/z: daily=1", "tank/z d1"),
    ("tank: autoprune=; pool: autoprune=0; tank/z: daily=1", "tank/z d1"),
    # A section is recursive by zfs, or by an expression for a word for yes.
    ("tank: recursive=yes # all, daily=4", "tank d4"),
    ("tank: recursive=0, daily=4", "tank d4"),
    ("tank: recursive=yes (all), daily=4", "tank d4"),
    ("tank/a: recursive=y.s, daily=4", "tank/a tank/a/b d4"),
    ("tank/a: recursive=no|yes, daily=4", "tank/a tank/a/b d4"),
    ("tank/a: recursive=es, daily=4", "tank/a d4"),
    ("tank/a: recursive=y[e], daily=4", "tank/a d4"),
    ("tank/a: recursive=ZFS, daily=4", "tank/a tank/a/b d4"),
    # Only children are processed, or they are skipped.
    ("tank/a: process_children_only=yes, recursive=yes, daily=4", "tank/a/b d4"),
    (("tank/a: use_template=p, recursive=yes, daily=4; "
     "template_p: process_children_only=on"), "tank/a/b d4"),
    ("tank: recursive=yes, process_children_only=yes, daily=4; tank/a: recursive=yes",
     "tank/a tank/a/b tank/ab tank/z d4"),
    ("tank/a/b: process_children_only=yes; tank/a: recursive=yes, daily=4",
     "tank/a d4"),
    ("tank: recursive=yes, daily=4; tank/a: skip_children=yes",
     "tank tank/a tank/ab tank/z d4"),
    ("tank: recursive=yes, daily=4; tank/a: skip_children=yes; tank/a/b: hourly=1",
     "tank tank/a tank/ab tank/z d4, tank/a/b h1 d90"),
    ("tank: recursive=zfs, daily=4, skip_children=yes", f"{ALL} d4"),
    ("tank: recursive=yes, daily=4; tank/a: skip_children=no", f"{ALL} d4"),
    # A path may differ from the section; a pool may be called like a template.
    ("x: path=tank/a, daily=4, recursive=yes", "tank/a tank/a/b d4"),
    ("x: path=tank/a, daily=4; y: path=tank/a, daily=4", "tank/a d4"),
    ("templates/a: daily=3; tank: daily=4", "tank d4"),
    # A section may stand in two places; some keys decide nothing.
    ("tank: daily=4; pool: autoprune=no; tank: hourly=5", "tank h5 d4"),
    ("tank: daily=4, autosnap=no, autosnap=yes , hourly_warn=, hourly_warn=3",
     "tank d4"),
    # No pool is fuller than 100 %, and each is as full as 0 %.
    ("tank: prune_defer=100; pool: prune_defer=0, daily=2", "pool d2"),
)  # fmt: skip


@pytest.mark.parametrize(("sections", "expected"), SETTINGS)
def test_whose_settings_hold(sections: str, expected: str) -> None:
    """Each dataset gets the counts that sanoid computes for it, and none is left out."""
    reading = convert("sanoid", written(sections), TREE)
    assert reading.left_out == ()
    assert summary(reading, TREE, but=("h48", "m6")) == expected


@pytest.mark.parametrize(
    "word", ["1", "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"]
)
def test_words_for_yes(word: str) -> None:
    """Each word for yes makes a section recursive."""
    reading = convert("sanoid", written(f"tank/a: daily=4, recursive={word}"), TREE)
    assert summary(reading, TREE, but=("h48", "m6")) == "tank/a tank/a/b d4"


@pytest.mark.parametrize(
    "word", ["0", "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"]
)
def test_words_for_no(word: str) -> None:
    """Each word for no keeps a dataset from being pruned, but does not skip children."""
    sections = (
        f"tank: autoprune={word}, daily=4; pool: process_children_only={word}, daily=5"
    )
    reading = convert("sanoid", written(sections), TREE)
    assert summary(reading, TREE, but=("h48", "m6")) == "pool d5"


@pytest.mark.parametrize("version", VERSIONS)
def test_templates_have_no_settings_in_force(version: Version) -> None:
    """Only sections and the datasets below recursive ones have settings, all of them."""
    ini = {
        "template_p": {"daily": ["4"]},
        "tank/a": {"use_template": ["p"], "recursive": ["yes"], "hourly": ["1"]},
        "template_default": {"yearly": ["2"]},
    }
    found = settings_in_force(ini, TREE, version)
    own = {**DEFAULTS, "yearly": "2", "daily": "4", "hourly": "1"}
    toggles = {"autoprune": own["autoprune"], "process_children_only": ""}
    assert found == {
        "tank/a": {**own, **toggles, "path": "tank/a"},
        "tank/a/b": {**own, "path": "tank/a/b"},
    }
