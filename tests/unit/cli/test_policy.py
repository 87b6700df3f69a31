"""``zfstune policy``: set, show and clear on an engine, and the forms of ``import``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_policy_is_stored_and_shown(run: Run, tank: Heirs) -> None:
    """What `set` stores on a dataset, `show` lists there and on the datasets below."""
    status, out, _ = run("policy", "set", "tank/a", "--keep-daily", "3", "--keep", "2")
    assert (status, out) == (0, "tank/a: daily=3 keep=2\n")
    status, out, _ = run("policy", "show", "-H")
    assert status == 0
    assert out.splitlines() == [
        "tank/a\ttank/a\tdaily=3 keep=2",
        "tank/a/b\ttank/a\tdaily=3 keep=2",
    ]
    rows = json.loads(run("policy", "show", "--json", "tank/a/b")[1])["policies"]
    assert rows == [{"name": "tank/a/b", "policy": "daily=3 keep=2", "set_on": "tank/a"}]
    assert tank.marks["tank/a"] == {"org.zfstune:policy": "daily=3 keep=2"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("tank/a", "cannot store policy on 'tank/a': no rule says what to keep"),
        ("tank/a keep=2 --keep 2", "its rules are given as text and as options at once"),
        ("tank/a keep=2 tz=No/Where", "No/Where"),
    ],
)
def test_what_set_refuses(run: Run, tank: Heirs, words: str, reason: str) -> None:
    """A command line without one clear policy is a usage error and stores nothing."""
    status, out, err = run("policy", "set", *words.split())
    assert (status, out) == (2, "")
    assert reason in err
    assert tank.marks["tank/a"] == {}


def test_a_stored_policy_that_cannot_be_read_is_named(run: Run, tank: Heirs) -> None:
    """The other datasets are shown all the same, with status 3."""
    tank.set("tank", {"org.zfstune:policy": "keep=5"})
    tank.set("tank/a/b", {"org.zfstune:policy": "rubbish"})
    status, out, err = run("policy", "show", "-H")
    assert status == 3
    assert [line.split("\t")[0] for line in out.splitlines()] == ["tank", "tank/a"]
    assert "tank/a/b" in err


def test_import_prints_commands(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """Each policy is a command that a shell can run; nothing is stored."""
    settings = tmp_path / "sanoid.conf"
    settings.write_text("[tank/a]\nautoprune = yes\nhourly = 36\n")
    status, out, _ = run("policy", "import", "sanoid", str(settings))
    assert status in (0, 3)
    assert " tank/a 'match=autosnap" in out
    assert all(line.startswith("zfstune policy set ") for line in out.splitlines())
    assert tank.marks["tank/a"] == {}


@pytest.mark.usefixtures("_no_zfs")
def test_import_without_zfs(run: Run, tmp_path: Path) -> None:
    """Settings that depend on the datasets are left out, each with its reason."""
    settings = tmp_path / "sanoid.conf"
    settings.write_text("[tank/a]\nautoprune = yes\nhourly = 36\n")
    status, out, err = run("policy", "import", "sanoid", str(settings))
    assert (status, out) == (1, "")
    assert "zfstune: cannot import 'tank/a': " in err


@pytest.mark.parametrize(
    ("settings", "reason"), [(b"\xff", "it is no text"), (b"#" * (1 << 20 | 1), "bytes")]
)
def test_import_reads_a_text_of_some_size(
    run: Run, tmp_path: Path, settings: bytes, reason: str
) -> None:
    """A file that is not UTF-8, or has more than a mebibyte, is refused."""
    path = tmp_path / "settings"
    path.write_bytes(settings)
    status, out, err = run("policy", "import", "sanoid", str(path))
    assert (status, out) == (2, "")
    assert f"cannot read '{path}': " in err
    assert reason in err
