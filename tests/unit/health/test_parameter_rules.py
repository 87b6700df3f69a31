"""Values of module parameters that ask for a word."""

from __future__ import annotations

import pytest

from sick_host import WELL, complaints
from zfstune.health.parameter_rules import PARAMETERS
from zfstune.values.frozen import replace


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.name)
def test_each_parameter(row: object) -> None:
    """Its harmful values are told, and its usual one is not."""
    name, low = getattr(row, "name"), getattr(row, "low")  # noqa: B009 (a private class)
    usual = getattr(row, "usual")  # noqa: B009 (a private class)
    harmful = replace(WELL, parameters={name: str(low)})
    assert list(complaints(harmful)) == [f"parameter-{name}"]
    assert not complaints(replace(WELL, parameters={name: usual}))
