"""Profiles that extend one that ships: taken over, replaced, or refused."""

from __future__ import annotations

import pytest

from own_profile import OWN
from zfstune.cli.main import main
from zfstune.profiles.load import load, load_text
from zfstune.profiles.profile import Needs
from zfstune.values.errors import ProfileError


def test_a_profile_extends_one_that_ships() -> None:
    """Values that it names replace those of the base; it has its own variants only."""
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
    """Advice is taken over unless the profile has its own."""
    base = load("postgres").advice
    assert "wal_recycle=off" in base
    assert load_text(OWN, "shop.toml").advice == base
    text = OWN.replace("extends =", 'advice = """Ask\nme."""\nextends =')
    assert load_text(text, "shop.toml").advice == "Ask me."
    alone = 'name = "x"\nsummary = "s"\nextends = "logs"\n'
    assert load_text(alone, "x.toml").advice == ""
    assert main(["explain", "postgres"]) == 0
    assert "\nadvice:     In postgresql.conf: wal_recycle=off" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ('"2.2"', "needs: it must be a table"),
        ('{ openzfs = "2.2", why = "w" }', "needs: key 'source' is missing"),
        ('{ zfs = "2.2", why = "w", source = "s" }', "needs: unknown key 'zfs'"),
        ('{ openzfs = "new", why = "w", source = "s" }', "'new' is no release such as 2.2"),
        ('{ openzfs = "2.", why = "w", source = "s" }', "'2.' is no release"),
        ('{ openzfs = "1.2.3.4", why = "w", source = "s" }', "'1.2.3.4' is no release"),
        (
            '{ openzfs = 2.2, why = "w", source = "s" }',
            "'openzfs': it must be text in quotes",
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
        ('extends = "postgres"', "extends = 1", "key 'extends': it must be text"),
        (
            "[dataset.properties.recordsize]",
            "[dataset.properties.mountpoint]",
            "a profile cannot choose",
        ),
    ],
)
def test_what_cannot_be_extended_is_named(old: str, new: str, reason: str) -> None:
    """The message names file and key, and the hint the profiles there are."""
    assert old in OWN
    with pytest.raises(ProfileError) as caught:
        load_text(OWN.replace(old, new), "shop.toml")
    assert caught.value.message.startswith("cannot load profile 'shop.toml': ")
    assert reason in caught.value.message
