"""Every profile, variant and role on a pool in a file: made, and made once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.profiles.load import load, profile_names
from zfstune.profiles.roles import ROLES
from zfstune.values import properties as props
from zfstune.values.marks import PROFILE_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine


def test_all_profiles_at_once(engine: ImageEngine) -> None:
    """What each asks for stands on the pool, set there; a second run does nothing."""
    names = profile_names()
    zfstune.apply(*names, engine=engine)
    for name in names:
        for dataset in load(name).datasets:
            found = engine.dataset(f"tank/data/{dataset.path}")
            assert found.local(PROFILE_PROPERTY) == name
            for setting in dataset.settings:
                value = props.canonical(setting.property, setting.value)
                # what is fixed at creation has no source, as in `zfs get`
                fixed = props.TABLE[setting.property].create_only
                have = found.value if fixed else found.local
                assert have(setting.property) == value, (dataset.path, setting)
    assert zfstune.apply(*names, engine=engine).done == ()


def test_names_of_any_bytes_below_a_pool_that_wants_utf8(engine: ImageEngine) -> None:
    """What is fixed at creation is right from the start, whatever the root has."""
    engine.create("tank/unicode", properties={"normalization": "formD"})
    zfstune.apply("docker", "web", root="tank/unicode", engine=engine)
    docker = engine.dataset("tank/unicode/docker")
    assert (docker.value("normalization"), docker.value("utf8only")) == ("none", "off")
    www = engine.dataset("tank/unicode/www")
    assert (www.value("normalization"), www.value("utf8only")) == ("formD", "on")
    assert not zfstune.plan("docker", root="tank/unicode", engine=engine).pending


def test_from_the_seed_to_the_profiles_and_back(engine: ImageEngine) -> None:
    """A variant is taken over by the default, and the other way round, whole."""
    roles = [role.name for role in ROLES]
    values: dict[str | None, dict[str, str | None]] = {}
    for variant in ("seed", None, "seed"):
        applied = zfstune.apply(
            roles=roles, variant=variant, allow_unsafe=True, engine=engine
        )
        assert applied.changed
        queue = engine.dataset("tank/data/mail/queue")
        found = {name: queue.local(name) for name in ("sync", "atime", "recordsize")}
        assert values.setdefault(variant, found) == found
        again = zfstune.plan(roles=roles, variant=variant, allow_unsafe=True, engine=engine)
        assert not again.pending
    assert values == {
        "seed": {"sync": "disabled", "atime": "off", "recordsize": "65536"},
        None: {"sync": "standard", "atime": "on", "recordsize": "131072"},
    }


def test_a_role_by_the_name_of_the_host(
    engine: ImageEngine,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--role auto says on stderr what it comes to, and applies that."""
    engine.close()
    monkeypatch.setenv("KLDLOAD_HOSTNAME", "web-prod-01")
    command = ["--image", str(file), "apply", "--role", "auto"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.err == (
        "zfstune: role web, since this host is web-prod-01 ($KLDLOAD_HOSTNAME says so)\n"
    )
    assert "create tank/data/www" in said.out
    assert main(command) == 0
    assert capsys.readouterr().out.startswith(
        "nothing to do: 3 datasets below tank/data are as web"
    )
    monkeypatch.setenv("KLDLOAD_HOSTNAME", "vpn-1")
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "nothing to do: this role has no datasets of its own"
    assert (
        lines[1]
        == "stays: tank/data/certs  (made for profile web, which role vpn does not have)"
    )


def test_a_role_after_another_names_what_it_left(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The difference is planned, the rest is told, and pends nothing for ever."""
    zfstune.apply(roles=("ci", "mon"), owner=False, engine=engine)
    engine.close()
    plan = ["--image", str(file), "plan", "--check", "--role", "docker"]
    assert main(plan) == 4
    said = capsys.readouterr().out
    assert "create tank/data/containers" in said
    for name in ("ci-cache", "ci-builds", "grafana", "prometheus"):
        assert f"stays: tank/data/{name}  (made for profile " in said
    assert "stays: tank/data/docker" not in said
    assert main(["--image", str(file), "apply", "--no-owner", "--role", "docker"]) == 0
    assert "stays: tank/data/ci-cache" in capsys.readouterr().out
    assert main([*plan, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    told = {each["dataset"].rpartition("/")[2]: each for each in found["leftovers"]}
    assert set(told) == {"ci-cache", "ci-builds", "grafana", "prometheus"}
    assert "schedule remove tank/data/grafana" in told["grafana"]["hint"]
    assert main([*plan, "--role", "ci", "--role", "mon"]) == 0
    assert "stays" not in capsys.readouterr().out
    assert main(["--image", str(file), "plan", "docker"]) == 0
    assert "stays" not in capsys.readouterr().out


def test_a_role_without_datasets_needs_no_pool(engine: ImageEngine) -> None:
    """None, or none that can be chosen, is no error: there is nothing to be made."""
    zfstune.apply(roles="web", engine=engine)
    left = zfstune.plan(roles="vpn", engine=engine).leftovers
    assert [each.profiles for each in left] == [("web",), (), ("web",), ("web",)]
    assert zfstune.plan(roles="vpn", pool="nosuch", engine=engine).leftovers == ()


def test_a_profile_of_ones_own(
    engine: ImageEngine, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--profile FILE is applied like one that ships, and together with one."""
    engine.close()
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nsummary = "s"\n[[dataset]]\npath = "own/x"\n')
    command = ["--image", str(file), "plan", "--check", "--profile", str(own), "logs"]
    assert main(command) == 4
    shown = capsys.readouterr().out
    assert shown.startswith("plan for logs, own on pool tank")
    assert "create tank/data/own/x" in shown


def test_a_list_does_not_move_the_cursor(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A note that somebody else wrote is escaped for people, and as it is for scripts."""
    engine.create("tank/x", properties={"org.zfstune:profile": "a\x1b[2J"})
    engine.close()
    assert main(["--image", str(file), "list"]) == 0
    assert "a\\x1b[2J" in capsys.readouterr().out
    assert main(["--image", str(file), "list", "-H"]) == 0
    assert "\ta\x1b[2J\t" in capsys.readouterr().out


def test_explain_looks_at_the_pool(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it is made of, and what it cannot take."""
    engine.close()
    command = ["--image", str(file), "explain", "postgres", "--variant", "seed"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "pool tank: file, ashift 12"
    at = lines.index("  redundant_metadata=most")
    assert lines[at + 1].startswith("      here:       becomes all: pool 'tank' has no")
    assert main([*command, "--pool", "none"]) == 1
    assert "no such pool" in capsys.readouterr().err


def test_roles_and_profiles_go_together(engine: ImageEngine) -> None:
    """A role adds its profiles to those that are named; one that adds none is fine."""
    plan = zfstune.plan("logs", roles="ci", engine=engine)
    assert plan.profiles == ("logs", "docker", "ci")
    assert zfstune.apply(roles="vpn", engine=engine).plan.profiles == ()
    with pytest.raises(zfstune.ProfileError, match="no such role"):
        zfstune.plan(roles=["wbe"], engine=engine)
