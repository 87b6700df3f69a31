"""The content of snapshots: its digest, and the paths of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.streams.compare import compare
from zfstune.streams.digest import digest
from zfstune.values.errors import NotFound

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


def test_the_path_of_an_object(engine: Engine, tree: str) -> None:
    """The root directory has a path; the master node, a volume and no object have none."""
    engine.create(f"{tree}/v", volume=True, properties={"volsize": "16M"})
    engine.take_snapshots([f"{tree}@s", f"{tree}/v@s"])
    assert getattr(engine.object_stats(f"{tree}@s", 34), "path", None) == "/"
    for number in (0, 1, 9999, (1 << 64) - 1):
        assert engine.object_stats(f"{tree}@s", number) is None
    assert engine.object_stats(f"{tree}/v@s", 1) is None
    with pytest.raises(NotFound):
        engine.object_stats(f"{tree}@none", 34)


def test_content_does_not_depend_on_the_stream(engine: Engine, tree: str) -> None:
    """A copy has the digest of its source, and a volume another one."""
    engine.create(f"{tree}/a")
    engine.create(f"{tree}/v", volume=True, properties={"volsize": "16M"})
    engine.take_snapshots([f"{tree}/a@s", f"{tree}/v@s"])
    found = compare(f"{tree}/a@s", f"{tree}/a@s", engine=engine)
    assert found.equal
    assert digest(engine, f"{tree}/a@s").text == found.digests[0].text
    other = compare(f"{tree}/a@s", f"{tree}/v@s", engine=engine)
    assert not other.equal
    assert {d.number for d in other.differences} >= {1, 2, 34}
