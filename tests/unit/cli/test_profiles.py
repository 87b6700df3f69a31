"""``zfstune profiles``: each profile on a line, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from zfstune.cli.main import main
from zfstune.profiles.load import load, profile_names

if TYPE_CHECKING:
    import pytest


def test_each_profile_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, variants and summary; needing neither ZFS nor root."""
    assert main(["profiles"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["PROFILE", "VARIANTS", "SUMMARY"]
    assert [line.split()[0] for line in lines] == [*profile_names()]
    [mail] = [line for line in lines if line.startswith("mail ")]
    assert mail.split(maxsplit=2)[1:] == ["seed", load("mail").summary]


def test_scripts_get_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    """With -H: three fields a line and no header; a dash where there are no variants."""
    assert main(["profiles", "-H"]) == 0
    lines = capsys.readouterr().out.splitlines()
    fields = [line.split("\t") for line in lines]
    assert {len(each) for each in fields} == {3}
    assert ["logs", "-", load("logs").summary] in fields


def test_json_has_the_datasets_too(capsys: pytest.CaptureFixture[str]) -> None:
    """One document: name, summary, datasets, and each variant with its summary."""
    assert main(["profiles", "--json"]) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)["profiles"]}
    assert found.keys() == {*profile_names()}
    assert found["web"]["datasets"] == ["www", "logs/nginx", "certs"]
    assert list(found["postgres"]["variants"]) == [
        "balanced",
        "compressed",
        "warehouse",
        "seed",
    ]
