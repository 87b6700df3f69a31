"""Explaining for a pool, or for none where there is no ZFS."""

from __future__ import annotations

import json
from typing import NoReturn

import pytest

from zfstune.cli.main import main
from zfstune.profiles import explain
from zfstune.values.errors import PlanError, ProfileError, ZfsUnavailable


def test_without_zfs_it_explains_for_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Without ZFS it explains for no pool; if a pool was named, that is an error."""

    def none() -> NoReturn:
        raise ZfsUnavailable("no ZFS")

    assert explain.explain_opened("web", opened=none).pool is None
    assert explain.explain_opened("web:seed", opened=none).profile == "web:seed"
    for options in ({"needed": True}, {"pool": "tank"}):
        with pytest.raises(ZfsUnavailable):
            explain.explain_opened("web", opened=none, **options)
    with pytest.raises(ProfileError):
        explain.explain_opened("web", variant="sed", opened=none)

    def several() -> NoReturn:
        raise PlanError("several")

    assert explain.explain_opened("web", opened=several).pool is None
    assert main(["explain", "postgres", "--variant", "seed", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["profile"] == "postgres:seed"
    first = document["datasets"][0]
    assert first["values"][0]["value"] == "8K"
    assert first["footprint"]["raw_write"] == {"written_bytes": 8192, "read_bytes": 0}
