"""What ZFS says about an object, as a value."""

from __future__ import annotations

from zfstune.values.object_stats import ObjectStats


def test_two_objects_are_told_apart() -> None:
    """The order of the fields is that of the listing which C writes."""
    stats = ObjectStats("/a", 5, 0o100644, 1, 8, 9)
    assert (stats.path, stats.generation, stats.mode, stats.links) == ("/a", 5, 0o100644, 1)
    assert (stats.changed_s, stats.changed_ns) == (8, 9)
    assert stats != ObjectStats("/a", 6, 0o100644, 1, 8, 9)
