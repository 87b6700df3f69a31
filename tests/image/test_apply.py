"""apply on an image: what is noted of a change that failed, and what settles."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.datasets.applied import read_given, read_record
from zfstune.values.errors import EngineError
from zfstune.values.marks import APPLIED_PROPERTY

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine

LOGS = "tank/data/logs"


def test_what_could_not_be_set_is_not_noted(engine: ImageEngine) -> None:
    """A reservation that the pool cannot give is not asked for by verify afterwards."""
    zfstune.apply("logs", owner=False, engine=engine)
    noted = engine.dataset(LOGS).local(APPLIED_PROPERTY)
    asked = {"reservation": "100G", "exec": "off"}
    with pytest.raises(EngineError, match="reservation"):
        zfstune.apply("logs", properties=asked, owner=False, engine=engine)
    found = engine.dataset(LOGS)
    note = found.local(APPLIED_PROPERTY)
    assert found.local("reservation") is None
    assert "reservation" not in read_record(note)
    # what the kernel set all the same is noted, so that it can be taken back
    assert read_given(note).get("exec") == found.local("exec")
    assert not zfstune.verify(engine=engine).pending
    zfstune.apply("logs", owner=False, engine=engine)
    assert engine.dataset(LOGS).local(APPLIED_PROPERTY) == noted
    assert engine.dataset(LOGS).local("exec") is None


def test_a_version_settles(engine: ImageEngine) -> None:
    """The version of a filesystem has no source, and is no drift on each run."""
    given = {"version": "5"}
    zfstune.apply("logs", properties=given, owner=False, engine=engine)
    again = zfstune.apply("logs", properties=given, owner=False, engine=engine)
    assert not again.plan.pending
    assert not zfstune.verify(engine=engine).pending


def test_the_remedy_of_a_value_below(engine: ImageEngine) -> None:
    """What README shows: the database's own dataset, set by hand, and put right."""
    given = {"sync": "always"}
    zfstune.apply("postgres", properties=given, owner=False, engine=engine)
    data = "tank/data/postgres/data"
    engine.set(data, {"recordsize": "16K", "sync": "standard"})
    found = zfstune.verify(engine=engine)
    assert {v.name: v.state for v in found if v.pending} == {data: "drift-local"}
    [verdict] = [v for v in found if v.pending]
    assert {f.about for f in verdict.findings} == {"recordsize", "sync"}
    words = shlex.split(verdict.findings[0].hint)
    assert words[-2:] == ["-o", "sync=always"]
    zfstune.apply("postgres", properties=given, owner=False, engine=engine)
    assert not zfstune.verify(engine=engine).pending
    assert engine.dataset(data).value("recordsize") == "8192"
    assert engine.dataset(data).value("sync") == "always"
