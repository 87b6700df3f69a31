"""The changes of what is stored of a schedule, for people and for programs."""

from __future__ import annotations

from zfstune.schedules.stored_changes import StoredChanges


def test_values_that_come_and_go() -> None:
    """An empty text stands for a value that goes; a schedule is never taken away so."""
    changes = StoredChanges(
        {"tank/a": "hourly"},
        {"tank/a": "backup/a", "tank/b": ""},
        {"tank/a": "properties", "tank/b": ""},
    )
    assert list(changes.lines("would ")) == [
        "would set org.zfstune:schedule=hourly on tank/a",
        "would set org.zfstune:replicate-to=backup/a on tank/a",
        "would inherit org.zfstune:replicate-to on tank/b",
        "would set org.zfstune:replicate-with=properties on tank/a",
        "would inherit org.zfstune:replicate-with on tank/b",
    ]
    assert changes.to_dict() == {
        "schedules": [{"dataset": "tank/a", "every": "hourly"}],
        "targets": [
            {"dataset": "tank/a", "replicate_to": "backup/a"},
            {"dataset": "tank/b", "replicate_to": None},
        ],
        "options": [
            {"dataset": "tank/a", "replicate_with": "properties"},
            {"dataset": "tank/b", "replicate_with": None},
        ],
    }
    assert not list(StoredChanges({}, {}, {}).lines())
