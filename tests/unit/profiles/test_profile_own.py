"""Profiles of one's own: files, the site's folder, and what extends what ships."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from zfstune.cli.main import main
from zfstune.profiles.load import load, load_file, load_shipped, load_text, profile_names
from zfstune.profiles.profile import Needs
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
name = "shop"
summary = "A shop"
extends = "postgres"
[[dataset]]
path = "postgres"
mode = "0750"
[dataset.properties.recordsize]
value = "16K"
why = "Measured here."
source = "https://shop.example/"
[[dataset]]
path = "postgres/archive"
[variant.big]
summary = "Larger"
source = "https://shop.example/"
[variant.big.dataset."postgres/archive"]
recordsize = { value = "1M", why = "Read whole." }
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that stands in for /etc/zfstune/profiles.d."""
    folder = tmp_path / "profiles.d"
    folder.mkdir()
    monkeypatch.setattr("zfstune.profiles.load.SITE", str(folder))
    return folder


def put(folder: Path, name: str, text: str = OWN) -> Path:
    """Write a profile, for nobody else to change."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_a_profile_extends_one_that_ships() -> None:
    """What it names it lays over, the rest it takes over; variants are its own."""
    shop = load_text(OWN, "shop.toml")
    base = load("postgres")
    assert [d.path for d in shop.datasets] == [
        *(d.path for d in base.datasets),
        "postgres/archive",
    ]
    first = shop.datasets[0]
    changed = {s.property: s.value for s in first.settings}
    assert changed == {
        **{s.property: s.value for s in base.datasets[0].settings},
        "recordsize": "16K",
    }
    assert (first.owner, first.mode) == ("postgres", 0o750)
    assert shop.datasets[1:-1] == base.datasets[1:]
    assert [variant.name for variant in shop.variants] == ["big"]
    assert shop.variant("big").datasets[-1].settings[0].value == "1M"


def test_extending_alone_is_enough() -> None:
    """A new name for what ships needs no dataset of its own."""
    text = 'name = "x"\nsummary = "s"\nextends = "logs"\n'
    assert load_text(text, "x").datasets == load("logs").datasets


def test_advice_is_its_own_or_that_of_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    """What the application is to be told stays true under another name."""
    base = load("postgres").advice
    assert "wal_recycle=off" in base
    assert load_text(OWN, "shop.toml").advice == base
    text = OWN.replace("extends =", 'advice = """Ask\nme."""\nextends =')
    assert load_text(text, "shop.toml").advice == "Ask me."
    alone = 'name = "x"\nsummary = "s"\nextends = "logs"\n'
    assert load_text(alone, "x.toml").advice == ""
    assert main(["explain", "postgres"]) == 0
    assert "\nadvice:    In postgresql.conf: wal_recycle=off" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ('"2.2"', "needs: it takes a table"),
        ('{ openzfs = "2.2", why = "w" }', "needs: key 'source' is missing"),
        ('{ zfs = "2.2", why = "w", source = "s" }', "needs: unknown key 'zfs'"),
        ('{ openzfs = "new", why = "w", source = "s" }', "'new' is no release such as 2.2"),
        ('{ openzfs = "2.", why = "w", source = "s" }', "'2.' is no release"),
        ('{ openzfs = "1.2.3.4", why = "w", source = "s" }', "'1.2.3.4' is no release"),
        (
            '{ openzfs = 2.2, why = "w", source = "s" }',
            "'openzfs': it takes text in quotes",
        ),
    ],
)
def test_what_no_release_can_be(needs: str, reason: str) -> None:
    """The release that a profile takes is checked, and taken over like advice."""
    text = 'name = "x"\nsummary = "s"\nextends = "docker"\n'
    assert load_text(text, "x.toml").needs == load("docker").needs
    own = text + 'needs = { openzfs = "2.3.1", why = "w", source = "s" }\n'
    assert load_text(own, "x.toml").needs == Needs((2, 3, 1), "w", "s")
    with pytest.raises(ProfileError) as caught:
        load_text(text + f"needs = {needs}\n", "x.toml")
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"postgres"\n[[', '"postgers"\n[[', "key 'extends': cannot extend 'postgers'"),
        ('"postgres"\n[[', '"../x"\n[[', "zfstune ships no such profile"),
        ('"postgres"\n[[', '"postgres:seed"\n[[', "zfstune ships no such profile"),
        ('extends = "postgres"', "extends = 1", "key 'extends': it takes text"),
        ("[dataset.properties.recordsize]", "[dataset.properties.mountpoint]", "not a pro"),
    ],
)
def test_what_cannot_be_extended_is_named(old: str, new: str, reason: str) -> None:
    """The file, the key, and what there is."""
    assert old in OWN
    with pytest.raises(ProfileError) as caught:
        load_text(OWN.replace(old, new), "shop.toml")
    assert caught.value.message.startswith("cannot load profile 'shop.toml': ")
    assert reason in caught.value.message


def test_the_sites_profiles_are_found_by_name(site: Path) -> None:
    """Beside those that ship, and in place of one of the same name."""
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
    """A file that is applied unasked must be its owner's alone."""
    put(site, "shop.toml").chmod(mode)
    with pytest.raises(ProfileError, match="others may have written it") as caught:
        load("shop")
    assert "chmod go-w" in caught.value.hint
    assert load_file(str(site / "shop.toml")).name == "shop"


def test_a_name_that_lies_is_refused(site: Path) -> None:
    """The file's name and the profile's are one."""
    path = put(site, "other.toml")
    with pytest.raises(ProfileError, match="name is 'shop', the file's is 'other'") as it:
        load("other")
    assert str(path) in it.value.message
    assert load_file(str(path)).name == "shop"


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """Pipes, folders, devices, missing, too large, not text."""
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
    """Each is called sound or named with its fault; one fault is exit status 1."""
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
    """It is named on stderr, the rest is listed, and the exit status says so."""
    put(site, "broken.toml", "name = ")
    put(site, "shop.toml")
    assert main(["profiles", "-H"]) == 3
    said = capsys.readouterr()
    assert f"'{site / 'broken.toml'}'" in said.err
    assert "shop\tbig\tA shop\n" in said.out
    assert len(said.out.splitlines()) == len(profile_names()) - 1


def test_files_can_be_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --profile in place of a name; both or neither make no sense."""
    path = str(put(tmp_path, "shop.toml"))
    assert main(["explain", "--profile", path]) == 0
    assert capsys.readouterr().out.startswith("shop: A shop\n")
    for argv in (["explain"], ["explain", "logs", "--profile", path]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2
