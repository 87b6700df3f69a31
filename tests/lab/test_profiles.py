"""Every profile on a real pool; the zfs command says what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.datasets.actions import Create
from zfstune.profiles.load import load, profile_names
from zfstune.values import properties as props

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.datasets.apply import Applied
    from zfstune.engine.protocol import Engine

# Two words for one number, of which releases print now this, now that.
OTHER_WORDS = {("acltype", "posixacl"): "posix", ("xattr", "on"): "sa"}


@pytest.fixture(scope="module")
def made(pool: str, engine: Engine) -> Applied:
    """Apply all profiles at once, whatever the accounts of the guest."""
    return zfstune.apply(*profile_names(), pool=pool, owner=False, engine=engine)


def test_what_was_asked_for_is_what_zfs_shows(
    made: Applied, pool: str, command: Callable[..., str]
) -> None:
    """Each value that the plan let through stands, as `zfs get -p` prints it."""
    listed = command("zfs", "get", "-Hpr", "-o", "name,property,value", "all", pool)
    found = {
        (name, prop): value
        for name, prop, value in (line.split("\t") for line in listed.splitlines())
    }
    created = {a.dataset: a.properties for a in made.done if isinstance(a, Create)}
    cut = {caution.message.partition("=")[0] for caution in made.plan.warnings}
    for name in profile_names():
        for dataset in load(name).datasets:
            full = f"{pool}/data/{dataset.path}"
            for setting in dataset.settings:
                if setting.property not in created[full]:
                    assert setting.property in cut, (full, setting)
                    continue
                shown = found[full, setting.property]
                shown = OTHER_WORDS.get((setting.property, shown), shown)
                asked = created[full][setting.property]
                assert shown == props.canonical(setting.property, asked), (full, setting)


def test_a_second_run_has_nothing_to_do(made: Applied, pool: str, engine: Engine) -> None:
    """Nor would one of a single profile take anything back."""
    assert made.changed
    for names in (profile_names(), ("web",)):
        assert not zfstune.plan(*names, pool=pool, owner=False, engine=engine).pending


def test_volumes_inherit_from_their_parent(
    made: Applied, pool: str, command: Callable[..., str]
) -> None:
    """The parent is not mounted, and a volume below it has its values."""
    command("zfs", "create", "-s", "-V", "64M", f"{pool}/data/zvols/guest")
    names = ("compression", "volmode", "primarycache")
    shown = command(
        "zfs", "get", "-Hp", "-o", "value", ",".join(names), f"{pool}/data/zvols/guest"
    )
    assert shown.split() == ["lz4", "dev", "all"]
    mounted = command("zfs", "get", "-Hp", "-o", "value", "mounted", f"{pool}/data/zvols")
    assert mounted.strip() == "no"


def test_the_seed_takes_over(
    made: Applied, pool: str, engine: Engine, command: Callable[..., str]
) -> None:
    """Its values come, and what it has not goes; sync goes only with consent."""
    with pytest.raises(zfstune.PlanError, match="disable sync"):
        zfstune.plan("mail:seed", pool=pool, engine=engine)
    zfstune.apply("mail:seed", pool=pool, allow_unsafe=True, engine=engine)
    columns = ("-Hp", "-o", "property,value,source")
    shown = command(
        "zfs", "get", *columns, "sync,atime,recordsize,relatime", f"{pool}/data/mail/queue"
    )
    rows = [line.split("\t") for line in shown.splitlines()]
    assert rows[:3] == [
        ["sync", "disabled", "local"],
        ["atime", "off", "local"],
        ["recordsize", "65536", "local"],
    ]
    assert rows[3][:2] == ["relatime", "on"]
    assert rows[3][2].startswith("inherited")
