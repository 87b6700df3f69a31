"""verify's verdicts, on pools made of dicts: every state, and none without a cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judged import FIXED, judge, only, states
from model_pool import Model, app_profile, applied, pool_info
from zfstune.datasets.actions import Adjust, MountDataset, Remount, SetOwner
from zfstune.health.findings import NOTICES, STATES, Finding, Verdict
from zfstune.health.verdicts import judge_pool
from zfstune.profiles.load import load
from zfstune.profiles.profile import DatasetProfile, Profile, Setting
from zfstune.values.exports import Exports, export_lines
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY
from zfstune.values.state import Mount, Vdev


def test_what_was_applied_is_ok() -> None:
    """All datasets are looked at, the root that holds them too, without a finding."""
    verdicts = judge(applied(FIXED), FIXED)
    assert set(verdicts) == {"tank/data", "tank/data/app", "tank/data/app/x"}
    assert states(verdicts) == {}
    assert verdicts["tank/data/app"].profiles == ("app",)


def test_set_by_hand() -> None:
    """The finding names the value that was set, and the command that restores it."""
    model = applied(FIXED)
    model.local["tank/data/app"]["recordsize"] = "16384"
    finding = only(judge(model, FIXED).values())
    assert (finding.state, finding.about) == ("drift-local", "recordsize")
    assert (finding.expected, finding.found, finding.source) == ("8192", "16384", "local")
    assert finding.note == "recordsize is 16K, set by hand, and was set to 8K"
    assert finding.hint == "zfstune apply app --pool tank"


def test_no_longer_set_here() -> None:
    """An inherited value is drift, even if it is the same."""
    model = applied(FIXED)
    del model.local["tank/data/app"]["atime"]
    model.local["tank"]["atime"] = "off"
    finding = only(judge(model, FIXED).values())
    assert (finding.state, finding.origin) == ("drift-inherited", "tank")
    assert finding.note == "atime is off, inherited from tank, and was set to off here"


def test_what_was_asked_for_counts() -> None:
    """A value given with -o is expected; a profile that has another is overridden."""
    model = applied(FIXED, overrides={"recordsize": "32K"})
    finding = only(judge(model, FIXED).values())
    assert (finding.state, finding.pending) == ("overridden", False)
    assert (finding.expected, finding.found) == ("8192", "32768")
    model.local["tank/data/app"]["recordsize"] = "65536"
    finding = only(judge(model, FIXED).values())
    assert (finding.state, finding.expected) == ("drift-local", "32768")
    assert finding.hint == "zfstune apply app --pool tank -o recordsize=32768"


def test_set_by_hand_to_what_the_profile_says() -> None:
    """A dataset that somebody set to the profile's value by hand has not drifted."""
    model = applied(FIXED, overrides={"recordsize": "32K"})
    model.local["tank/data/app"]["recordsize"] = "8192"
    assert states(judge(model, FIXED)) == {}


def test_a_dataset_that_is_gone() -> None:
    """A dataset that the profile asks for is missing wherever the profile was applied."""
    model = Model()
    model.run(model.plan(FIXED, root="tank/srv").actions)
    del model.local["tank/srv/app/x"]
    del model.mounts["tank/srv/app/x"]
    verdicts = judge(model, FIXED)
    assert states(verdicts) == {"tank/srv/app/x": "missing"}
    assert only(verdicts.values()).hint == "zfstune apply app --root tank/srv"


def test_the_pool_cannot_take_it() -> None:
    """A value that the pool cannot have is reported, and asks for no action."""
    wants = app_profile(compression="zstd")
    model = Model(pool=pool_info(features=frozenset({"lz4_compress"})))
    model.run(model.plan(wants).actions)
    finding = only(judge(model, wants).values())
    assert (finding.state, finding.pending) == ("unsupported", False)
    assert "compression=zstd became lz4" in finding.note


def test_fixed_at_creation() -> None:
    """A value that only a new dataset can have is reported, with the one in force."""
    wants = app_profile(normalization="none")
    model = Model(
        {"tank": {}, "tank/data": {}, "tank/data/app": {"normalization": "formD"}}
    )
    model.run(model.plan(wants).actions)
    finding = only(judge(model, wants).values())
    assert (finding.state, finding.found) == ("unsupported", "formD")


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [
        (None, "unmounted", "belongs at /data/app"),
        ({"path": "/mnt"}, "unmounted", "mounted at /mnt and belongs at /data/app"),
        ({"hidden": True}, "unmounted", "mounted over /data/app"),
        ({"options": frozenset({"rw", "relatime"})}, "stale-mount", "+noatime -relatime"),
        ({"uid": 0}, "wrong-owner", "user 0 instead of app (1000)"),
        ({"mode": 0o755}, "wrong-owner", "mode 0755 instead of 0750"),
    ],
)
def test_mounts_and_owners(change: dict[str, object] | None, state: str, word: str) -> None:
    """Place, options and owner of a mount are each compared."""
    model = applied(FIXED)
    mount = model.mounts.pop("tank/data/app")
    if change is not None:
        model.mounts["tank/data/app"] = replace(mount, **change)
    finding = only(judge(model, FIXED).values())
    assert (finding.state, word in finding.note) == (state, True), finding
    assert finding.pending


def test_an_owner_who_comes_later() -> None:
    """Datasets may come before their package: what is still root's waits, without alarm."""
    model = applied(FIXED)
    mount = model.mounts["tank/data/app"]
    fresh = replace(mount, uid=0, gid=0, mode=0o755)
    model.mounts["tank/data/app"] = fresh
    finding = only(judge(model, FIXED, accounts={}).values())
    assert (finding.state, finding.pending) == ("awaited-owner", False)
    assert finding.hint == "install the package that creates user 'app'"
    # Once the user is there it is an apply that is missing.
    assert only(judge(model, FIXED).values()).state == "wrong-owner"
    # What somebody owns has lost its user, and that is a fault.
    model.mounts["tank/data/app"] = replace(fresh, uid=1000)
    assert "wrong-owner" in {
        finding.state
        for verdict in judge(model, FIXED, accounts={}).values()
        for finding in verdict.findings
    }


def test_options_as_they_should_be() -> None:
    """Mount options that no property sets do not matter, nor do unknown ones."""
    model = applied(FIXED)
    mount = model.mounts["tank/data/app"]
    options = frozenset({"rw", "noatime", "nodiratime", "lazytime"})
    model.mounts["tank/data/app"] = replace(mount, options=options)
    assert states(judge(model, FIXED)) == {}


def test_what_nfs_serves() -> None:
    """Paths that are shared and not served are reported, and the other way round."""
    wants = app_profile(sharenfs="on")
    model = applied(wants)
    nothing = Exports({}, frozenset(), frozenset())
    finding = only(judge(model, wants, exports=nothing).values())
    assert (finding.state, finding.about) == ("not-exported", "sharenfs")
    line = export_lines("/data/app", "on")
    served = Exports({"/data/app": line}, frozenset(), frozenset({"/data/app"}))
    assert states(judge(model, wants, exports=served)) == {}
    none = replace(nothing, available=False)
    assert "no NFS server" in only(judge(model, wants, exports=none).values()).note
    plain = applied(app_profile())
    assert states(judge(plain, app_profile(), exports=none)) == {}
    finding = only(judge(plain, app_profile(), exports=served).values())
    assert finding.note == "/data/app is served though sharenfs is off"


def test_a_received_share_is_expected_of_nobody() -> None:
    """A sharenfs that came in a stream is no fault, nor on datasets that inherit it."""
    wants = app_profile("app", "app", "app/x")
    model = applied(wants)
    model.received["tank/data/app"] = {"sharenfs": "on"}
    nothing = Exports({}, frozenset(), frozenset())
    assert states(judge(model, wants, exports=nothing)) == {}
    model.received = {}
    model.local["tank/data/app"]["sharenfs"] = "on"
    assert set(states(judge(model, exports=nothing))) == {
        "tank/data/app",
        "tank/data/app/x",
    }


def test_what_sharenfs_says_and_nobody_hears() -> None:
    """A sharenfs that serves nobody, or everybody by mistake, is reported."""
    nothing = Exports({}, frozenset(), frozenset())
    wants = app_profile(sharenfs="no_root_squash")
    finding = only(judge(applied(wants), wants, exports=nothing).values())
    assert (finding.state, finding.about) == ("not-exported", "sharenfs")
    assert "neither rw nor ro" in finding.note
    assert "sharenfs=rw,no_root_squash" in finding.hint
    model = applied(app_profile())
    model.local["tank/data/app"]["sharenfs"] = "rw=2001:db8::1"
    finding = only(judge(model, exports=nothing).values())
    assert finding.note.startswith("/data/app is not served: cannot export by")
    line = Exports({"/data/app": ("/data/app (rw)",)}, frozenset(), frozenset())
    finding = only(judge(model, exports=line).values())
    assert finding.note.startswith("/data/app is served as `zfs share` reads it: ")
    assert "brackets" in finding.hint


def test_owners_can_be_passed_over() -> None:
    """A profile that was applied with --no-owner has no findings about owners."""
    model = applied(FIXED)
    model.mounts["tank/data/app"] = replace(model.mounts["tank/data/app"], uid=0)
    assert states(judge(model, FIXED, owner=False)) == {}


def test_an_owner_who_does_not_exist() -> None:
    """A user that the system does not know is named."""
    model = applied(FIXED)
    other = app_profile("app", "app", "app/x", owner="nobody-here", recordsize="8K")
    finding = next(
        f for f in judge(model, other)["tank/data/app"].findings if "exist" in f.note
    )
    assert finding.state == "wrong-owner"


def test_a_key_that_is_not_loaded() -> None:
    """A missing key is reported instead of its consequences, with the encryption root."""
    model = applied(FIXED)
    del model.mounts["tank/data/app"]
    model.local["tank/data/app"] |= {
        "keystatus": "unavailable",
        "encryptionroot": "tank/data",
    }
    finding = only([judge(model, FIXED)["tank/data/app"]])
    assert finding.state == "key-not-loaded"
    assert "zfs load-key tank/data," in finding.hint


@pytest.mark.parametrize(("name", "value"), [("sync", "disabled"), ("checksum", "off")])
def test_safety_given_up_by_somebody(name: str, value: str) -> None:
    """A value that gives durability up is reported although no profile has the property."""
    model = applied(FIXED)
    model.local["tank"][name] = value
    found = [f for v in judge(model, FIXED).values() for f in v.findings]
    assert {(f.state, f.about, f.origin) for f in found} == {
        ("drift-inherited", name, "tank")
    }


def test_a_profile_that_is_not_known_here() -> None:
    """A dataset whose profile came from a file is compared with its note alone."""
    model = applied(FIXED)
    assert states(judge(model)) == {}
    model.local["tank/data/app"]["recordsize"] = "16384"
    verdicts = judge(model)
    assert states(verdicts) == {"tank/data/app": "drift-local"}
    assert only(verdicts.values()).hint == "zfs set recordsize=8192 tank/data/app"


def test_a_variant_that_took_over() -> None:
    """Where a variant leaves datasets to its profile, each is compared with its own."""
    postgres = load("postgres")
    seed = postgres.variant("seed")
    model = applied(postgres)
    model.run(model.plan(seed).actions)
    verdicts = judge(model, postgres, seed)
    assert [s for s in states(verdicts).values() if s not in NOTICES] == []
    assert verdicts["tank/data/postgres"].profiles == ("postgres:seed",)
    assert verdicts["tank/data/postgres/data"].profiles == ("postgres",)


def test_two_profiles_on_one_dataset() -> None:
    """A dataset that two profiles share is compared with both."""
    one = app_profile("one", "logs", "logs/one", atime="off")
    two = app_profile("two", "logs", "logs/two", compression="lz4")
    model = applied(one, two)
    assert states(judge(model, one, two)) == {}
    assert judge(model, one, two)["tank/data/logs"].profiles == ("one", "two")
    del model.local["tank/data/logs"]["compression"]
    assert states(judge(model, one, two)) == {"tank/data/logs": "drift-inherited"}


def test_a_hostile_note() -> None:
    """A note that cannot be read asks for nothing."""
    model = applied(FIXED)
    model.local["tank/data/app/x"][APPLIED_PROPERTY] = (
        '{"used":"1","no such":"x","org.zfstune:profile":"y","a:b":3}'
    )
    model.local["tank/data/app/x"][PROFILE_PROPERTY] = ",../../etc/passwd,,app"
    assert states(judge(model, FIXED)) == {}


def test_pools() -> None:
    """A pool that is whole and has room is ok; other pools have a finding that says why."""
    well = pool_info()
    assert judge_pool(well).state == "ok"
    assert judge_pool(replace(well, health="DEGRADED")).state == "unhealthy"
    ailing = replace(well, ailing=("/dev/sdb FAULTED",), health="DEGRADED")
    assert "/dev/sdb FAULTED" in judge_pool(ailing).findings[0].note
    assert judge_pool(replace(well, damaged=3)).state == "unhealthy"
    assert (
        judge_pool(replace(well, free_bytes=well.size_bytes // 11)).state == "low-on-space"
    )
    gone = replace(well, suspended=True, health="SUSPENDED", free_bytes=0)
    assert [f.state for f in judge_pool(gone).findings] == ["suspended"]


def test_the_worst_comes_first() -> None:
    """Findings are ordered by their states, and the first one's is the verdict's."""
    several = tuple(Finding(state, "x") for state in reversed(STATES))
    assert [f.state for f in Verdict("tank", several).findings] == list(STATES)
    assert not any(Verdict("tank", (Finding(state, "x"),)).pending for state in NOTICES)


VALUES = {
    "recordsize": ["8K", "16K", "1M"],
    "compression": ["lz4", "zstd"],
    "atime": ["on", "off"],
}


@st.composite
def _profiles(draw: st.DrawFn) -> Profile:
    """Make a profile of two datasets with some values."""
    datasets = []
    for path in ("p", "p/a"):
        chosen = draw(st.sets(st.sampled_from(sorted(VALUES))))
        asked = tuple(
            Setting(n, draw(st.sampled_from(VALUES[n])), "why", "") for n in sorted(chosen)
        )
        owner = draw(st.sampled_from([None, "app"]))
        datasets.append(DatasetProfile(path, asked, owner, owner, None))
    return Profile("p", "A profile", tuple(datasets))


@given(_profiles(), st.data())
def test_apply_and_verify_agree(profile: Profile, data: st.DataObject) -> None:
    """After an apply verify finds nothing; after a change, just what apply would do."""
    model = Model(pool=replace(pool_info(), vdevs=(Vdev("disk", 12, "normal", (), None),)))
    model.run(model.plan(profile).actions)
    assert not any(v.pending for v in judge(model, profile).values())
    for name in ("tank", "tank/data/p", "tank/data/p/a"):
        for prop in sorted(VALUES):
            match data.draw(st.sampled_from(["leave", "leave", "set", "inherit"])):
                case "set":
                    value = data.draw(st.sampled_from(["8192", "16384"]))
                    if prop != "recordsize":
                        value = data.draw(st.sampled_from(["on", "off"]))
                    model.local[name][prop] = value
                case "inherit":
                    model.local[name].pop(prop, None)
        if name in model.mounts and data.draw(st.booleans()):
            model.mounts[name] = Mount(name, model.mounts[name].path, 5, 5, 0o755)
    if data.draw(st.booleans()):
        model.mounts.pop("tank/data/p/a", None)
    planned = set()
    for action in model.plan(profile).actions:
        if isinstance(action, Adjust):
            planned |= {(action.dataset, change.property) for change in action.changes}
        else:
            assert isinstance(action, (MountDataset, Remount, SetOwner))
            planned.add((action.dataset, type(action).__name__))
    # A dataset that is not mounted gets its owner only after its mount, and a mount
    # follows other options before the values are right than after.
    planned -= {(name, "SetOwner") for name, kind in planned if kind == "MountDataset"}
    planned = {(name, kind) for name, kind in planned if kind != "Remount"}
    kinds = {"unmounted": "MountDataset", "wrong-owner": "SetOwner"}
    found = {
        (name, kinds.get(finding.state, finding.about))
        for name, verdict in judge(model, profile).items()
        for finding in verdict.findings
        if finding.pending and finding.state != "stale-mount"
    }
    assert found == planned
    model.run(model.plan(profile).actions)
    assert not any(v.pending for v in judge(model, profile).values())
