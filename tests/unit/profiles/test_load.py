"""Loading: the profiles that ship, those of this site, files, and roles."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from own_profile import OWN
from zfstune.cli.main import main
from zfstune.profiles.load import (
    load,
    load_file,
    load_shipped,
    profile_names,
    resolve_role,
    role_datasets,
)
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands in for /etc/zfstune/profiles.d."""
    folder = tmp_path / "profiles.d"
    folder.mkdir()
    monkeypatch.setattr("zfstune.profiles.load.SITE", str(folder))
    return folder


def put(folder: Path, name: str, text: str = OWN) -> Path:
    """Write a profile that nobody else can change."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_the_sites_profiles_are_found_by_name(site: Path) -> None:
    """They come beside those that ship, and take the place of one with the same name."""
    put(site, "shop.toml")
    put(site, "notes.txt")
    assert "shop" in profile_names()
    assert "notes" not in profile_names()
    assert load("shop:big").name == "shop:big"
    put(site, "postgres.toml", OWN.replace('"shop"', '"postgres"'))
    assert profile_names().count("postgres") == 1
    assert load("postgres").summary == "A shop"
    assert load_shipped("postgres").summary != "A shop"


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_may_write_is_not_trusted(site: Path, mode: int) -> None:
    """Nobody else may write to a profile that is loaded by name."""
    put(site, "shop.toml").chmod(mode)
    with pytest.raises(ProfileError, match="other users may have written it") as caught:
        load("shop")
    assert "chmod go-w" in caught.value.hint
    assert load_file(str(site / "shop.toml")).name == "shop"


def test_a_name_that_lies_is_refused(site: Path) -> None:
    """The file's name must be the profile's."""
    path = put(site, "other.toml")
    with pytest.raises(
        ProfileError, match=r"it is 'shop', but the file is named 'other\.toml'"
    ) as it:
        load("other")
    assert str(path) in it.value.message
    assert load_file(str(path)).name == "shop"


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder, a device, a missing, large or binary file is refused at once."""
    pipe, large, binary = (tmp_path / name for name in ("pipe", "large", "binary"))
    os.mkfifo(pipe)
    large.write_bytes(b"#" * 70_000)
    binary.write_bytes(b"\xff\xfe")
    for path, reason in (
        (str(pipe), "no plain file"),
        (str(tmp_path), "no plain file"),
        ("/dev/zero", "no plain file"),
        (str(tmp_path / "none"), "No such file"),
        ("nul\0", "null byte"),
        (str(large), "larger than 64 KiB"),
        (str(binary), "not UTF-8"),
    ):
        with pytest.raises(ProfileError, match=reason):
            load_file(path)


def test_files_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file is called sound or named with its fault; one fault is exit status 1."""
    good = put(tmp_path, "good.toml")
    assert main(["profile", "check", str(good)]) == 0
    assert capsys.readouterr().out == (
        f"{good}: sound: profile shop, 5 datasets, variant big\n"
    )
    bad = put(tmp_path, "bad.toml", OWN.replace("16K", "9K"))
    assert main(["profile", "check", str(bad), str(good), "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["profiles"]
    assert [bool(row["fault"]) for row in rows] == [True, False]
    assert main(["profile", "check", str(bad), str(good)]) == 1
    said = capsys.readouterr()
    assert "sound" in said.out
    assert f"zfstune: cannot load profile '{bad}': dataset 'postgres', property" in said.err


def test_a_broken_profile_of_the_site_does_not_hide_the_others(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The broken one is named on stderr, the others are listed, and the status is 3."""
    put(site, "broken.toml", "name = ")
    put(site, "shop.toml")
    assert main(["profiles", "-H"]) == 3
    said = capsys.readouterr()
    assert f"'{site / 'broken.toml'}'" in said.err
    assert "shop\tbig\tA shop\n" in said.out
    assert len(said.out.splitlines()) == len(profile_names()) - 1


def test_files_can_be_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command takes --profile in place of a name, and refuses both or neither."""
    path = str(put(tmp_path, "shop.toml"))
    assert main(["explain", "--profile", path]) == 0
    assert capsys.readouterr().out.startswith("shop: A shop\n")
    for argv in (["explain"], ["explain", "logs", "--profile", path]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2


def test_what_ships() -> None:
    """Each profile loads by the name that `names` gives, and by that of each variant."""
    assert {"images", "logs", "postgres"} < {*profile_names()}
    assert [load(name).name for name in profile_names()] == [*profile_names()]
    assert load("postgres:seed").name == "postgres:seed"


@pytest.mark.parametrize("name", profile_names())
def test_shipped_profiles_argue(name: str) -> None:
    """Each value is defended in a sentence short enough to show, and has a source."""
    found = load(name)
    variants = [found.variant(variant.name) for variant in found.variants]
    for each in (found, *variants):
        assert len(each.summary) <= 90
        for dataset in each.datasets:
            for setting in dataset.settings:
                first = setting.why.split(". ")[0].rstrip(".")
                assert 0 < len(first) <= 66, first
                assert setting.why.endswith(".")
                assert setting.source.startswith(("https://", "man/", "kldload "))
                assert setting.disagrees[-1:] in ("", ".")


@pytest.mark.parametrize("name", profile_names())
def test_nothing_that_ships_is_unsafe_unless_a_variant_says_so(name: str) -> None:
    """No profile weakens sync, checksums or copies; a base thins no metadata either."""
    found = load(name)
    for each in (found, *(found.variant(v.name) for v in found.variants)):
        for setting in (s for d in each.datasets for s in d.settings):
            assert setting.property not in {"checksum", "dedup", "copies"}
    for setting in (s for d in found.datasets for s in d.settings):
        assert (setting.property, setting.value) != ("sync", "disabled")
        assert setting.property not in {"redundant_metadata", "logbias", "sharenfs"} or (
            setting.value == "latency"
        )


@pytest.mark.parametrize(
    ("name", "path", "values"),
    [
        ("postgres", "postgres", {"recordsize": "8K", "compression": "lz4"}),
        ("postgres", "postgres/data", {}),
        ("postgres", "postgres/wal", {"recordsize": "128K"}),
        ("postgres", "postgres/backups", {"recordsize": "1M"}),
        ("logs", "logs", {"recordsize": "128K", "compression": "zstd"}),
        ("mail", "mail/queue", {"sync": "standard", "atime": "on", "relatime": "off"}),
        ("images", "images", {"recordsize": "1M", "compression": "lz4"}),
    ],
)
def test_shipped_values(name: str, path: str, values: dict[str, str]) -> None:
    """Profiles set the figures that they are known for."""
    [dataset] = [d for d in load(name).datasets if d.path == path]
    assert values.items() <= {s.property: s.value for s in dataset.settings}.items()
    assert (dataset.owner == "postgres") == (name == "postgres")


@pytest.mark.parametrize(
    "name", ["postgre", "POSTGRES", "", "../profiles/logs", "logs.toml"]
)
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    """Only a listed name is ever opened; the hint has the list."""
    with pytest.raises(ProfileError, match="no such profile") as caught:
        load(name)
    assert ", ".join(profile_names()) in caught.value.hint


def test_a_near_miss_is_named() -> None:
    """The hint on a misspelt name is the nearest name."""
    with pytest.raises(ProfileError) as caught:
        load("postgers")
    assert caught.value.hint.startswith("did you mean 'postgres'?")


def test_the_role_auto_is_that_of_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only auto looks at the host's name; any other name is that of a role."""
    monkeypatch.setenv("KLDLOAD_HOSTNAME", "web-prod-01")
    assert resolve_role("auto").name == "web"
    assert resolve_role("database").name == "db"
    with pytest.raises(ProfileError, match="no such role"):
        resolve_role("wbe")


def test_datasets_of_roles_that_have_a_schedule() -> None:
    """Datasets whose profile has a schedule are listed, below the root or POOL/data."""
    engine = FakeEngine("tank")
    below_root = role_datasets(engine.seam, ["mon"], pool=None, root="tank/x")
    assert below_root
    assert all(name.startswith("tank/x/") for name in below_root)
    by_default = role_datasets(engine.seam, ["mon"], pool="tank", root=None)
    assert by_default == [name.replace("tank/x/", "tank/data/") for name in below_root]
    assert role_datasets(engine.seam, ["lb"], pool=None, root="tank/x") == []
