"""Marks taken off an engine: one call for each, and none in a dry run."""

from __future__ import annotations

import pytest

from fake_engine import FakeEngine
from zfstune.datasets.unmanage import unmanage
from zfstune.values.errors import InvalidName, NotFound
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY


class InheritingEngine(FakeEngine):
    """An engine whose properties can be inherited again."""

    def inherit(self, name: str, prop: str) -> None:
        """Drop a local value."""
        self.calls.append(("inherit", (name, prop)))
        del self.marks[name][prop]


def test_only_marks_go() -> None:
    """All other values stay; a second run has nothing left to do."""
    engine = InheritingEngine("tank", "tank/a", "tank/a/b")
    for name in ("tank/a", "tank/a/b"):
        engine.marks[name] = {PROFILE_PROPERTY: "x", APPLIED_PROPERTY: "{}", "atime": "off"}
    plan = unmanage("tank/a", recursive=True, dry_run=True, engine=engine.seam)
    assert engine.calls == []
    assert unmanage("tank/a", recursive=True, engine=engine.seam) == plan
    assert engine.marks["tank/a"] == engine.marks["tank/a/b"] == {"atime": "off"}
    assert engine.calls[0] == ("inherit", ("tank/a", APPLIED_PROPERTY))
    for name, error in (("tank/x", NotFound), ("tank/a@b", InvalidName)):
        with pytest.raises(error):
            unmanage(name, engine=engine.seam)
