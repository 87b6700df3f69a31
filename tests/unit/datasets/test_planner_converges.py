"""Plans converge, carried out whole or in part, or after changes by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from model_pool import Model
from zfstune.datasets.actions import Adjust, Create
from zfstune.profiles.profile import DatasetProfile, Profile, Setting
from zfstune.values.errors import PlanError
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.datasets.plan import Plan

    # The types of @composite's argument and of st.data().draw.
    Draw = Callable[[st.SearchStrategy[Any]], Any]

# Parents first; "q/c" needs a container where "q" is not asked for.
PATHS = ("p", "p/a", "p/b", "q", "q/c")
VALUES = {
    "recordsize": ["8K", "16K", "131072", "1M"],
    "compression": ["lz4", "zstd", "off"],
    "atime": ["on", "off"],
    "org.example:note": ["x", "y"],
}
CANONICAL = {
    "recordsize": ["8192", "16384", "131072"],
    "compression": ["lz4", "zstd", "on"],
    "atime": ["on", "off"],
    "exec": ["off"],
    "quota": ["1048576"],
    "org.example:note": ["x", "z"],
    "canmount": ["off", "noauto", "on"],
    PROFILE_PROPERTY: ["old", "p"],
    APPLIED_PROPERTY: [
        "{}",
        "not json",
        "[1]",
        '{"recordsize":8192}',
        '{"exec":"off","quota":"1048576","org.example:note":"x","unknown":"1"}',
        '{"recordsize":"8192","atime":"on","canmount":"off","org.zfstune:profile":"old"}',
    ],
}


@st.composite
def _profiles(draw: st.DrawFn) -> Profile:
    datasets = []
    paths = draw(st.sets(st.sampled_from(PATHS), min_size=1))
    for path in [p for p in PATHS if p in paths]:
        chosen = draw(st.sets(st.sampled_from(sorted(VALUES))))
        asked = tuple(
            Setting(n, draw(st.sampled_from(VALUES[n])), "why", "") for n in sorted(chosen)
        )
        owner = draw(st.sampled_from([None, "app"]))
        mode = draw(st.sampled_from([None, 0o700]))
        datasets.append(DatasetProfile(path, asked, owner, owner, mode))
    return Profile(draw(st.sampled_from(["p", "r"])), "A profile", tuple(datasets))


def _cut_short(draw: Draw, model: Model, *profiles: Profile, root: str) -> Model:
    """Carry out a plan up to some point within some action."""
    actions = model.plan(*profiles, root=root).actions
    if not actions:
        return model
    stop = draw(st.integers(0, len(actions) - 1))
    model.run(actions[:stop])
    target = actions[stop]
    written: set[str] = set()
    if isinstance(target, Create):
        written = draw(st.sets(st.sampled_from(sorted(target.properties))))
        event("cut within a creation")
    elif isinstance(target, Adjust):
        named = sorted(change.property for change in target.changes)
        written = draw(st.sets(st.sampled_from(named)))
        event("cut within a change")
    model.step(target, written.__contains__)
    return model


@st.composite
def _models(draw: st.DrawFn, root: str) -> Model:
    """A pool with a history: an earlier profile, perhaps cut short, and hand work."""
    model = Model()
    pool_mountpoint = draw(st.sampled_from([None, "none", "legacy", "/", "/srv"]))
    if pool_mountpoint is not None:
        model.local["tank"]["mountpoint"] = pool_mountpoint
    if draw(st.booleans()):
        earlier = draw(_profiles())
        if draw(st.booleans()):
            model.run(model.plan(earlier, root=root).actions)
        else:
            _cut_short(draw, model, earlier, root=root)
    for name in (root, *(f"{root}/{path}" for path in PATHS)):
        parent = name.rpartition("/")[0]
        if name not in model.local and parent in model.local and draw(st.booleans()):
            model.local[name] = {}
        if name in model.local:
            chosen = draw(st.sets(st.sampled_from(sorted(CANONICAL)), max_size=2))
            for prop in sorted(chosen):
                model.local[name][prop] = draw(st.sampled_from(CANONICAL[prop]))
            dropped = draw(
                st.sets(st.sampled_from(sorted(model.local[name])), max_size=1)
                if model.local[name]
                else st.just(set())
            )
            for prop in dropped:
                del model.local[name][prop]
        if draw(st.booleans()):
            model.mounts.pop(name, None)
        if name in model.local and draw(st.integers(0, 5)) == 0:
            model.referenced[name] = 1 << 30
    return model


_roots = st.sampled_from(["tank/data", "tank/a/b"])


@settings(max_examples=150)
@given(st.data(), _roots, _profiles())
def test_a_plan_carried_out_leaves_nothing_to_do(
    data: st.DataObject, root: str, profile: Profile
) -> None:
    """After the whole plan, planning the same again gives no action, only warnings."""
    model = data.draw(_models(root))
    plan = _planned(model, profile, root=root)
    again = model.run(plan.actions).plan(profile, root=root)
    assert [action.describe() for action in again.actions] == []
    assert not again.pending


@settings(max_examples=300)
@given(st.data(), _roots, _profiles())
def test_a_plan_cut_short_anywhere_ends_in_the_same_state(
    data: st.DataObject, root: str, profile: Profile
) -> None:
    """Killed at any point, even more than once, apply reaches the end of a whole run."""
    start = data.draw(_models(root))
    whole = start.copy().run(_planned(start, profile, root=root).actions)
    model = start.copy()
    for _ in range(data.draw(st.integers(1, 3))):
        _cut_short(data.draw, model, profile, root=root)
    model.run(model.plan(profile, root=root).actions)
    assert model.state() == whole.state()


@settings(max_examples=300)
@given(st.data(), _roots, _profiles())
def test_what_is_wanted_is_in_force(
    data: st.DataObject, root: str, profile: Profile
) -> None:
    """After a run each value of the profile stands, set on the dataset itself."""
    model = data.draw(_models(root))
    before = model.copy()
    plan = _planned(model, profile, root=root)
    model.run(plan.actions)
    for dataset in profile.datasets:
        found = model.dataset(f"{root}/{dataset.path}")
        record = found.local(APPLIED_PROPERTY)
        assert found.local(PROFILE_PROPERTY) == profile.name
        assert record is not None
        for setting in dataset.settings:
            value = found.local(setting.property)
            assert value is not None
            assert f'"{setting.property}":"{value}"' in record
    # Datasets outside the root stay as they are.
    assert model.local["tank"] == before.local["tank"]
    assert before.local.keys() <= model.local.keys()


def _planned(model: Model, profile: Profile, *, root: str) -> Plan:
    """Plan, or reject a state that cannot be planned."""
    try:
        return model.plan(profile, root=root)
    except PlanError as error:
        event(error.message.partition(": ")[2])
        assume(False)
        raise
