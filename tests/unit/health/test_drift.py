"""Values that differ from the dataset above, and remedies that keep values from -o."""

from __future__ import annotations

import shlex
from itertools import pairwise

import pytest

from judged import FIXED, judge, only, states
from model_pool import app_profile, applied
from zfstune.values.marks import APPLIED_PROPERTY


def test_a_value_below_the_dataset_that_has_it() -> None:
    """Any value set on a dataset that should inherit is drift, and apply removes it."""
    model = applied(FIXED)
    for value in ("16384", "8192"):
        model.local["tank/data/app/x"]["recordsize"] = value
        finding = only(judge(model, FIXED).values())
        assert (finding.state, finding.about) == ("drift-local", "recordsize")
        assert (finding.expected, finding.found) == ("8192", value)
        assert finding.note.endswith("should follow tank/data/app, which has 8K")
        assert finding.hint == "zfstune apply app --pool tank"
    model.run(model.plan(FIXED).actions)
    assert states(judge(model, FIXED)) == {}


def test_a_value_below_one_that_was_asked_for() -> None:
    """A value given with -o is for the datasets below, too, before the profile's."""
    model = applied(FIXED, overrides={"sync": "always", "recordsize": "32K"})
    model.local["tank/data/app/x"] |= {"sync": "standard", "quota": "1048576"}
    finding = only([judge(model, FIXED)["tank/data/app/x"]])
    assert (finding.about, finding.expected) == ("sync", "always")
    assert finding.hint.endswith("-o recordsize=32768 -o sync=always")


def test_a_value_below_a_profile_that_is_not_known_here() -> None:
    """The notes alone show that it is drift, and `zfs inherit` is the remedy."""
    model = applied(FIXED)
    model.local["tank/data/app/x"]["recordsize"] = "16384"
    finding = only(judge(model).values())
    assert (finding.state, finding.expected) == ("drift-local", "8192")
    assert finding.hint == "zfs inherit recordsize tank/data/app/x"


def test_a_value_below_another_profile() -> None:
    """A value that another profile sets above is no rule for a dataset of this one."""
    logs, mail = app_profile("logs", recordsize="1M"), app_profile("mail", "logs/mail")
    model = applied(logs, mail)
    model.local["tank/data/logs/mail"]["recordsize"] = "16384"
    assert states(judge(model, logs, mail)) == {}
    assert not model.plan(logs, mail).pending


@pytest.mark.parametrize("value", ["on", "rw=@10.0.0.0/24", "off"])
def test_the_remedy_keeps_what_was_asked_for(value: str) -> None:
    """The command that is shown repeats the values given with -o, so that they stay."""
    wants = app_profile("app", "app", "app/x", recordsize="1M")
    given = {"sharenfs": value, "quota": "1G"}
    model = applied(wants, overrides=given)
    model.local["tank/data/app"]["recordsize"] = "131072"
    findings = {f.about: f for f in judge(model, wants)["tank/data/app"].findings}
    words = shlex.split(findings["recordsize"].hint)
    assert words[:3] == ["zfstune", "apply", "app"]
    again = dict(w.split("=", 1) for o, w in pairwise(words) if o == "-o")
    assert again == {"sharenfs": value, "quota": str(1 << 30)}
    withdrawn = model.copy().run(model.plan(wants).actions)
    assert "sharenfs" not in withdrawn.local["tank/data/app"]
    model.run(model.plan(wants, overrides=again).actions)
    assert model.local["tank/data/app"]["sharenfs"] == value
    assert {f.state for f in judge(model, wants)["tank/data/app"].findings} == {
        "overridden"
    }
    hint = judge(model, wants)["tank/data/app"].findings[0].hint
    assert hint == "if the profile is right: zfstune apply app --pool tank"


def test_what_was_asked_for_drifts() -> None:
    """The remedy of a value given with -o repeats it; the profile's value is another."""
    model = applied(FIXED, overrides={"quota": "1G"})
    del model.local["tank/data/app"]["quota"]
    finding = only(judge(model, FIXED).values())
    assert finding.hint == f"zfstune apply app --pool tank -o quota={1 << 30}"


def test_a_remedy_with_what_weakens() -> None:
    """The command repeats the consent to an unsafe value."""
    model = applied(FIXED, overrides={"sync": "disabled"}, allow_unsafe=True)
    model.local["tank/data/app"]["recordsize"] = "131072"
    hints = [f.hint for f in judge(model, FIXED)["tank/data/app"].findings]
    assert hints[0].endswith("-o sync=disabled --allow-unsafe")


def test_profiles_that_were_given_different_values() -> None:
    """No one command repeats both values, so the remedy sets the one that drifted."""
    one = app_profile("one", "one", "logs", atime="off")
    two = app_profile("two", "two", "logs")
    model = applied(one, two)
    model.run(model.plan(one, two, overrides={"quota": "1G"}).actions)
    model.local["tank/data/two"].pop(APPLIED_PROPERTY)
    model.local["tank/data/logs"]["atime"] = "on"
    model.local["tank/data/one"]["atime"] = "on"
    verdicts = judge(model, one, two)
    [hint] = [f.hint for f in verdicts["tank/data/one"].findings if f.about == "atime"]
    assert hint == f"zfstune apply one --pool tank -o quota={1 << 30}"


@pytest.mark.parametrize("above", [{}, {"compression": "lz4"}, {"compression": "zstd"}])
def test_what_was_never_applied(above: dict[str, str]) -> None:
    """A value that the profile asks for by now is reported, even if in force by chance."""
    model = applied(app_profile("app", "app"))
    model.local["tank"] |= above
    wants = app_profile("app", "app", compression="lz4")
    finding = only(judge(model, wants).values())
    assert (finding.state, finding.about) == ("drift-inherited", "compression")
    assert finding.expected == "lz4"
    assert "should be lz4 here" in finding.note
    assert "was set to" not in finding.note
    model.local["tank/data/app"]["compression"] = "gzip"
    finding = only(judge(model, wants).values())
    assert (finding.state, finding.found) == ("drift-local", "gzip")
    assert finding.note == "compression is gzip, set by hand, and should be lz4"
    model.local["tank/data/app"]["compression"] = "lz4"
    assert states(judge(model, wants)) == {}


def test_what_came_with_a_stream() -> None:
    """The finding tells a received value from one that was set by hand."""
    model = applied(FIXED)
    del model.local["tank/data/app"]["recordsize"]
    model.received["tank/data/app"] = {"recordsize": "8192"}
    model.received["tank/data/app/x"] = {"recordsize": "8192"}
    found = [f for v in judge(model, FIXED).values() for f in v.findings]
    assert [(f.state, f.source) for f in found] == [("drift-local", "received")] * 2
    assert "is 8K, received, and was set to 8K" in found[0].note
    assert "is 8K, received, and should follow tank/data/app" in found[1].note


def test_what_an_earlier_profile_set_below() -> None:
    """A value of the dataset's own note stands as it was set, and that is no drift."""
    model = applied(app_profile("app", "app/x", recordsize="16K"))
    model.run(model.plan(app_profile("app", "app")).actions)
    wants = app_profile("app", "app", "app/x", recordsize="8K")
    found = judge(model, wants)["tank/data/app/x"].findings
    assert [(f.state, f.found, f.expected) for f in found] == [
        ("overridden", "16384", None)
    ]


def test_a_container_is_its_administrators() -> None:
    """An administrator may choose where the root of all mounts is, once it stands."""
    model = applied(FIXED)
    model.local["tank/data"]["canmount"] = "on"
    model.local["tank/data"]["compression"] = "zstd"
    assert states(judge(model, FIXED)) == {}
