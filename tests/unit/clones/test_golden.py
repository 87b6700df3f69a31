"""The names that ``zfstune.golden`` has."""

from __future__ import annotations

import zfstune
from zfstune.clones import golden


def test_it_is_one_namespace() -> None:
    """Each name is there, described, and no other comes with it."""
    assert zfstune.golden is golden
    for name in golden.__all__:
        assert getattr(golden, name).__doc__
    public = {name for name in vars(golden) if not name.startswith("_")}
    assert public - {"annotations"} == set(golden.__all__)
