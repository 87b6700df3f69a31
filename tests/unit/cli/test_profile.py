"""``zfstune profile``: files that are checked, and the schema of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from source_tree import ROOT
from zfstune.profiles.schema import profile_schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


def test_a_sound_file(run: Run) -> None:
    """The line has the name, the number of datasets and the variants."""
    path = str(ROOT / "profiles/logs.toml")
    assert run("profile", "check", path) == (
        0,
        f"{path}: sound: profile logs, 1 dataset\n",
        "",
    )


def test_a_fault_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    """Each file has its row, and one fault is exit status 1."""
    bad = tmp_path / "bad.toml"
    bad.write_text("name = ")
    good = str(ROOT / "profiles/logs.toml")
    status, out, err = run("profile", "check", str(bad), good, "--json")
    rows = json.loads(out)["profiles"]
    assert (status, [bool(row["fault"]) for row in rows]) == (1, [True, False])
    assert f"cannot load profile '{bad}'" in err


def test_the_schema_is_json(run: Run) -> None:
    """It is one document, for editors."""
    assert json.loads(run("profile", "schema")[1]) == profile_schema()


def test_shown_and_begun(run: Run, tmp_path: Path) -> None:
    """The file of a profile is printed; a new one is sound as it is printed."""
    status, out, _ = run("profile", "show", "postgres:seed")
    assert (status, out.splitlines()[1]) == (0, 'name = "postgres"')
    found = json.loads(run("profile", "show", "postgres", "--json")[1])
    assert found["text"] == out
    assert found["file"].endswith("postgres.toml")
    status, _, err = run("profile", "show", "postgers")
    assert status == 1
    assert "did you mean 'postgres'?" in err
    status, out, _ = run("profile", "new", "shop", "--extends", "postgres")
    assert status == 0
    (tmp_path / "shop.toml").write_text(out)
    assert run("profile", "check", str(tmp_path / "shop.toml"))[0] == 0
    assert run("profile", "new", "My Shop")[0] == 1
