"""Roles: sets of profiles, by name or by the name of the host."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from model_pool import Model
from zfstune.cli.main import main
from zfstune.profiles.load import load, profile_names
from zfstune.profiles.profile import in_variant
from zfstune.profiles.roles import ROLES, find_role, role_of_host
from zfstune.values.errors import ProfileError

SEED = Path(__file__).parents[2] / "data" / "seed-zfs-create.txt"


def test_each_role_is_made_of_profiles_that_ship() -> None:
    """No name stands twice, and each profile is there."""
    names = [name for role in ROLES for name in (role.name, *role.aliases)]
    assert len(set(names)) == len(names)
    assert {name for role in ROLES for name in role.profiles} <= {*profile_names()}


@pytest.mark.parametrize(
    ("script", "role"),
    [
        ("webserver", "web"),
        ("postgres", "db"),
        ("docker", "docker"),
        ("k8s", "k8s"),
        ("monitoring", "mon"),
        ("nfs", "nfs"),
        ("ci-runner", "ci"),
        ("vpn-gateway", "vpn"),
        ("mail", "mail"),
        ("workstation", "workstation"),
        ("bastion", "bastion"),
    ],
)
def test_each_postinstaller_is_a_role(script: str, role: str) -> None:
    """In the variant seed, a role has all datasets that its script creates.

    Docker brings its volumes wherever it goes; the seed has them on one host alone.
    """
    parts = re.split(
        r"^postinstall-(.*)\.sh$", SEED.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    created = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert len(created) == 11
    wanted = set(
        re.findall(r"rpool/(?:data|home/\$\{DEV_USER\})/([\w/-]+)", created[script])
    )
    found = find_role(script)
    assert found.name == role
    chosen = in_variant(map(load, found.profiles), "seed" if wanted else None)
    paths = {dataset.path for each in chosen for dataset in each.datasets}
    assert paths - wanted <= {"docker-volumes"}
    assert wanted <= paths
    assert all(each.name.endswith(":seed") for each in chosen)


@pytest.mark.parametrize(
    ("host", "role"),
    [
        ("web-prod-01", "web"),
        ("web-prod-01.example.org", "web"),
        ("WEB-1", "web"),
        ("db-01", "db"),
        ("cp-1", "cp"),
        ("worker-03", "worker"),
        ("lb-1", "lb"),
        ("mon-1", "mon"),
        ("k8s-cp-01", "k8s"),
        ("mail", "mail"),
        ("website-1", "base"),
        ("kldload", "base"),
        ("", "base"),
        ("-web", "base"),
    ],
)
def test_the_host_says_its_role(host: str, role: str) -> None:
    """The part before the first dash counts; a name without a role is base."""
    assert role_of_host(host).name == role


def test_an_unknown_role_is_answered_with_those_there_are() -> None:
    """The hint on a misspelt name is the nearest name."""
    with pytest.raises(ProfileError, match="'wbe': there is no such role") as caught:
        find_role("wbe")
    assert caught.value.hint.startswith("did you mean 'web'? known roles: auto, base, ")


def test_all_roles_compose() -> None:
    """A machine may have any of them together: shared datasets are made once."""
    names = [name for role in ROLES for name in role.profiles]
    plan = Model().plan(*map(load, names), owner=False)
    assert plan.profiles == tuple(dict.fromkeys(names))


def test_roles_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The list is for people, for scripts or JSON, and needs neither ZFS nor root."""
    assert main(["roles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ROLE", "ALSO", "PROFILES", "SUMMARY"]
    assert [line.split()[0] for line in lines[1:]] == [role.name for role in ROLES]
    assert main(["roles", "-H"]) == 0
    assert "vpn\tvpn-gateway\t-\t" in capsys.readouterr().out
    assert main(["roles", "--json"]) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)["roles"]}
    assert found["mon"]["profiles"] == ["prometheus", "grafana"]
    assert found["mon"]["aliases"] == ["monitoring"]


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_nothing_to_apply_is_a_wrong_command_line(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a profile or a role the exit status is 2, before any ZFS is opened."""
    with pytest.raises(SystemExit) as caught:
        main([verb])
    assert caught.value.code == 2
    assert "name a PROFILE or a --role" in capsys.readouterr().err
