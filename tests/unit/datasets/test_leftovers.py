"""Datasets that an earlier role left are listed, and stay."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_pool import Model, app_profile, applied
from zfstune.datasets.leftovers import find_leftovers
from zfstune.datasets.plan import advice
from zfstune.profiles.load import load
from zfstune.profiles.roles import ROLES, find_role
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.datasets.plan import Leftover
    from zfstune.profiles.profile import Profile

WEB_HELD = {"tank/data/logs": "it only holds datasets that stay"}
WEB = {
    f"tank/data/{path}": "made for profile web, which role db does not have"
    for path in ("www", "logs/nginx", "certs")
}


def _profiles(*roles: str) -> list[Profile]:
    names = [name for role in roles for name in find_role(role).profiles]
    return [load(name) for name in dict.fromkeys(names)]


def _model(*loaded: Profile) -> Model:
    model = Model()
    return model.run(model.plan(*loaded, owner=False).actions) if loaded else model


def _left(model: Model, *roles: str) -> tuple[Leftover, ...]:
    chosen = _profiles(*roles)
    wanted = {f"tank/data/{d.path}" for each in chosen for d in each.datasets}
    names = [each.name for each in chosen]
    return find_leftovers(model.datasets(), "tank/data", wanted, names, roles)


def test_another_role() -> None:
    """Each dataset of the first role is listed, and its containers, and no others."""
    found = {each.dataset: each.reason for each in _left(_model(*_profiles("web")), "db")}
    assert found == WEB | WEB_HELD


def test_what_two_roles_share_is_no_leftover() -> None:
    """A profile of both roles leaves nothing; a container with other data is not listed."""
    model = _model(*_profiles("ci", "mail"))
    model.local["tank/data/logs/mine"] = {}
    found = {each.dataset for each in _left(model, "docker")}
    assert "tank/data/ci-cache" in found
    assert "tank/data/logs/mail" in found
    assert not {name for name in found if "docker" in name}
    assert "tank/data/logs" not in found


def test_roles_on_purpose() -> None:
    """Roles in one call leave nothing, nor do profiles applied by name or from a file."""
    model = _model(*_profiles("web", "db"))
    assert _left(model, "web", "db") == ()
    model = _model(load("mysql"), app_profile("shop", "shop"), *_profiles("web"))
    assert _left(model, "web") == ()


def test_what_a_profile_has_no_more() -> None:
    """A dataset that the profile dropped, or that its variant lacks, is a leftover, too."""
    model = _model(*_profiles("web"))
    model.local["tank/data/old"] = {PROFILE_PROPERTY: "web:seed", APPLIED_PROPERTY: "{}"}
    [left] = _left(model, "web")
    assert left.dataset == "tank/data/old"
    assert left.reason == "profile web:seed no longer asks for it"


def test_a_note_of_somebody_elses_is_shown_without_harm() -> None:
    """A user property cannot send control characters to the terminal."""
    model = _model()
    model.local["tank/data"] = {}
    model.local["tank/data/x"] = {PROFILE_PROPERTY: "web:\x1b[2J"}
    [left] = _left(model, "db")
    assert "\x1b" not in left.reason


def test_on_the_terminal_and_in_json() -> None:
    """Each leftover has a line, all have one hint, and nothing is pending."""
    model = _model(*_profiles("web", "db"))
    plan = model.plan(*_profiles("db"), owner=False)
    plan = replace(plan, leftovers=_left(model, "db"))
    assert not plan.pending
    lines = str(plan).splitlines()
    assert lines[0].startswith("nothing to do: 4 datasets below tank/data are as postgres")
    told = [line for line in lines if line.startswith("stays: ")]
    assert (
        told[0]
        == "stays: tank/data/www  (made for profile web, which role db does not have)"
    )
    assert len(told) == len(WEB | WEB_HELD)
    [hint] = [line for line in lines if line.startswith("  hint: if this machine")]
    assert "`zfstune schedule remove tank/data/www` ends the snapshots" in hint
    assert hint.endswith("`zfs destroy -nvr DATASET` shows all that it would destroy")
    found = json.loads(json.dumps(plan.to_dict()))
    assert found["pending"] is False
    www = next(each for each in found["leftovers"] if each["dataset"] == "tank/data/www")
    assert www["profiles"] == ["web"]
    assert www["scheduled"] is True
    assert "`zfs destroy -nvr tank/data/www` shows all that it would" in www["hint"]
    model.local["tank/data/www"]["org.zfstune:schedule"] = "none"
    assert not any(each.scheduled for each in _left(model, "db"))


_ROLES = st.lists(st.sampled_from([role.name for role in ROLES]), max_size=3)


@given(before=_ROLES, after=_ROLES, by_hand=st.sampled_from(["", "www/x", "logs/x"]))
def test_all_of_the_old_and_none_of_the_new(
    before: list[str], after: list[str], by_hand: str
) -> None:
    """Listed are the datasets that the earlier roles made and the later ones lack."""
    model = _model(*_profiles(*before))
    if by_hand and by_hand.partition("/")[0] in {n.split("/")[-1] for n in model.local}:
        model.local[f"tank/data/{by_hand}"] = {}
    made = {n for n, local in model.local.items() if PROFILE_PROPERTY in local}
    held = {n for n, local in model.local.items() if APPLIED_PROPERTY in local} - made
    wanted = {f"tank/data/{d.path}" for each in _profiles(*after) for d in each.datasets}
    told = {each.dataset for each in _left(model, *after)}
    assert told & made == made - wanted
    assert told - made <= held - {"tank/data"}
    for name in told - made:
        below = {each for each in model.local if each.startswith(name + "/")}
        assert below <= told


def test_what_nfs_still_serves() -> None:
    """A former file server still serves its shares, and the hint says how to end that."""
    model = _model(*_profiles("nfs"))
    assert not any(each.shared for each in _left(model, "db"))
    model.local["tank/data/share"]["sharenfs"] = "rw=@10.0.0.0/8"
    [left] = [each for each in _left(model, "db") if each.shared]
    assert left.dataset == "tank/data/share"
    hint = advice([left])
    assert "`zfs set sharenfs=off tank/data/share` ends the share over NFS" in hint


def test_a_share_that_is_off_is_none() -> None:
    """A dataset that says that NFS does not serve it needs no advice on a share."""
    model = _model(*_profiles("nfs"))
    model.local["tank/data/share"]["sharenfs"] = "off"
    assert not any(each.shared for each in _left(model, "db"))


def test_containers_within_containers() -> None:
    """A container of leftovers alone is one, at any depth; an empty one is not."""
    held = "it only holds datasets that stay"
    model = _model()
    model.local["tank/data"] = {}
    for name in ("a", "a/b", "empty", "ours"):
        model.local[f"tank/data/{name}"] = {PROFILE_PROPERTY: "", APPLIED_PROPERTY: "{}"}
    model.local["tank/data/strange"] = {}
    for name in ("a/b/www", "ours/www", "strange/www"):
        model.local[f"tank/data/{name}"] = {PROFILE_PROPERTY: "web"}
    model.local["tank/data/ours/mine"] = {}
    made = "made for profile web, which role db does not have"
    assert [(left.dataset, left.profiles, left.reason) for left in _left(model, "db")] == [
        ("tank/data/a", (), held),
        ("tank/data/a/b", (), held),
        ("tank/data/a/b/www", ("web",), made),
        ("tank/data/ours/www", ("web",), made),
        ("tank/data/strange/www", ("web",), made),
    ]


def test_a_container_of_all_leftovers() -> None:
    """A container is one as well where there are no leftovers but those below it."""
    model = _model()
    model.local["tank/data"] = {}
    model.local["tank/data/a"] = {PROFILE_PROPERTY: "", APPLIED_PROPERTY: "{}"}
    model.local["tank/data/a/www"] = {PROFILE_PROPERTY: "web"}
    found = [left.dataset for left in _left(model, "db")]
    assert found == ["tank/data/a", "tank/data/a/www"]


@pytest.mark.parametrize(
    ("noted", "roles", "reason"),
    [
        ("web", ["db"], "made for profile web, which role db does not have"),
        ("web", ["db", "ci"], "made for profile web, which roles db, ci do not have"),
        ("ci,web", ["db"], "made for profiles ci, web, which role db does not have"),
        ("ci,postgres", ["db"], "profile postgres no longer asks for it"),
        ("nfs,postgres", ["db"], "profiles nfs, postgres no longer ask for it"),
    ],
)
def test_the_reason_in_words(noted: str, roles: list[str], reason: str) -> None:
    """The reason names profiles and roles, as one or as several."""
    model = _model()
    model.local["tank/data"] = {}
    model.local["tank/data/old"] = {PROFILE_PROPERTY: noted}
    asked = ["postgres:seed", "nfs"]
    [left] = find_leftovers(model.datasets(), "tank/data", set(), asked, roles)
    assert left.reason == reason


@pytest.mark.parametrize("root", ["tank", "tank/dat", "tank/other"])
def test_elsewhere_is_no_business(root: str) -> None:
    """Datasets of another root are not listed, unless that root is below this one."""
    model = applied(app_profile())
    model.local["tank/data/www"] = {PROFILE_PROPERTY: "web"}
    found = find_leftovers(model.datasets(), root, set(), ["postgres"], ["db"])
    assert [each.dataset for each in found] == (["tank/data/www"] if root == "tank" else [])
