"""The commands that verify shows put its findings right, and change nothing else."""

from __future__ import annotations

import shlex
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import event, given
from hypothesis import strategies as st

from judged import judge, only
from model_pool import Model, app_profile, applied, pool_info
from zfstune.values.frozen import replace
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from zfstune.health.findings import Finding

NAMES = ("tank/data/app", "tank/data/app/x")
VALUES = {
    "recordsize": ("8K", "16K", "1M"),
    "compression": ("lz4", "zstd"),
    "exec": ("on", "off"),
    "quota": ("1G", "none"),
    "sharenfs": ("on", "rw=@10.0.0.0/24", "off"),
    "org.example:note": ("two words", "it's"),
}
BY_HAND = {
    "recordsize": "4096",
    "compression": "gzip",
    "exec": "on",
    "quota": "4096",
    "sharenfs": "off",
    "org.example:note": "x",
}
some_values = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(words) for name, words in VALUES.items()}
)


def model_of_a_disk() -> Model:
    """Make a pool without a second copy, as most are."""
    disk = Vdev("disk", 12, "normal", (), rotational=None)
    return Model(pool=replace(pool_info(), vdevs=(disk,)))


def paste(model: Model, finding: Finding, profiles: dict[str, object]) -> None:
    """Carry out the command behind the arrow, as a shell would read it."""
    words = shlex.split(finding.hint)
    given = dict(w.split("=", 1) for o, w in pairwise(words) if o == "-o")
    if words[:2] == ["zfstune", "apply"]:
        assert words[2:5] == ["app", "--pool", "tank"]
        plan = model.plan(profiles["app"], overrides=given)  # type: ignore[arg-type]
        model.run(plan.actions)
    elif words[:2] == ["zfs", "set"]:
        name, _, value = words[2].partition("=")
        model.local[words[3]][name] = value
    else:
        assert words[:2] == ["zfs", "inherit"], finding
        model.local[words[3]].pop(words[2])


@given(some_values, some_values, st.data())
def test_remedies_put_right_what_was_found_and_nothing_else(
    says: dict[str, str], asked: dict[str, str], data: st.DataObject
) -> None:
    """Verify finds nothing after an apply with any -o, nor after its own remedies."""
    profile = app_profile("app", "app", "app/x", **says)
    model = model_of_a_disk()
    model.run(model.plan(profile, overrides=asked).actions)
    assert not any(verdict.pending for verdict in judge(model, profile).values())
    assert not model.plan(profile, overrides=asked).pending
    before = model.copy()
    as_the_profile_says = set()
    for name in NAMES:
        for prop in data.draw(st.sets(st.sampled_from(sorted(BY_HAND)))):
            if data.draw(st.booleans()):
                model.local[name][prop] = BY_HAND[prop]
                if BY_HAND[prop] == says.get(prop):
                    as_the_profile_says.add((name, prop))
            else:
                model.local[name].pop(prop, None)
    for _ in range(12):
        found = [
            f
            for verdict in judge(model, profile).values()
            for f in verdict.findings
            if f.pending and f.state != "stale-mount"
        ]
        if not found:
            break
        event(found[0].state)
        paste(model, found[0], {"app": profile})
    for name in NAMES:
        for prop in {*says, *asked} - {"quota"}:
            if (name, prop) in as_the_profile_says:
                continue  # somebody set the profile's value by hand: no drift
            assert model.local[name].get(prop) == before.local[name].get(prop), prop
    # A quota is not for the datasets below, so a quota set there is no drift.
    assert model.local[NAMES[0]].get("quota") == before.local[NAMES[0]].get("quota") or (
        "quota" not in {*says, *asked}
    )


def test_a_profile_of_ones_own() -> None:
    """A profile that was given as a file is named by that file, with its variant."""
    wants = app_profile("app:big", "app", recordsize="1M")
    model = applied(wants)
    model.local["tank/data/app"]["recordsize"] = "4096"
    files = {"app": "/etc/my profiles/app.toml"}
    finding = only(judge(model, wants, files=files).values())
    assert shlex.split(finding.hint)[2:6] == [
        "--profile",
        "/etc/my profiles/app.toml",
        "--variant",
        "big",
    ]
    assert only(judge(model, wants).values()).hint.startswith("zfstune apply app:big ")
