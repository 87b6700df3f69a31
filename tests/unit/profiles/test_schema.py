"""The schema refuses the same files as the reader, as far as a schema can."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from json_schema import faults
from source_tree import ROOT
from zfstune.cli.main import main
from zfstune.profiles.load import load_text, profile_names
from zfstune.profiles.schema import profile_schema
from zfstune.values.errors import ProfileError

SOUND = {
    "name": "app",
    "summary": "An application",
    "dataset": [
        {
            "path": "app/x",
            "mode": "0750",
            "properties": {"atime": {"value": "off", "why": "w.", "source": "s"}},
        }
    ],
    "variant": {"v": {"summary": "s", "dataset": {"app/x": {"atime": "off"}}}},
}


@pytest.mark.parametrize("name", profile_names())
def test_what_ships_fits(name: str) -> None:
    """Each profile of the library is valid."""
    text = (ROOT / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    assert list(faults(profile_schema(), tomllib.loads(text))) == []


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the sound profile with one value changed; None takes it away."""
    copy: Any = json.loads(json.dumps(SOUND))
    *parents, last = path.split("|")
    table = copy
    for step in parents:
        table = table[int(step) if isinstance(table, list) else step]
    table[last] = value
    if value is None:
        del table[last]
    return copy  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", None),
        ("name", "Big"),
        ("name", "-x"),
        ("summary", 1),
        ("dataset", []),
        ("dataset", None),
        ("sumary", "x"),
        ("dataset|0|path", "/app"),
        ("dataset|0|path", "a//b"),
        ("dataset|0|mode", "rwx"),
        ("dataset|0|user", "x"),
        ("dataset|0|properties|atime|why", None),
        ("dataset|0|properties|atime|value", "no"),
        ("dataset|0|properties|atime", "off"),
        ("dataset|0|properties|mountpoint", {"value": "/x", "why": "w", "source": "s"}),
        ("dataset|0|properties|canmount", {"value": "on", "why": "w", "source": "s"}),
        ("dataset|0|properties|volsize", {"value": "1G", "why": "w", "source": "s"}),
        ("dataset|0|properties|used", {"value": "1", "why": "w", "source": "s"}),
        ("variant|v|summary", None),
        ("variant|v|only", "yes"),
        ("variant|v|dataset|app/x|atime", "no"),
        ("variant|v|dataset|app/x|atime", {"value": "on"}),
        ("variant|V", {"summary": "s", "dataset": {}}),
    ],
)
def test_what_is_refused_is_no_surprise(path: str, value: object) -> None:
    """The reader refuses all that the schema finds wrong."""
    assert list(faults(profile_schema(), SOUND)) == []
    wrong = changed(path, value)
    assert list(faults(profile_schema(), wrong)) != []
    from unittest.mock import patch

    with (
        patch.object(tomllib, "loads", lambda _: wrong),
        pytest.raises(ProfileError),
    ):
        load_text("", "x")


def test_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema is printed as one JSON document."""
    assert main(["profile", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == profile_schema()
