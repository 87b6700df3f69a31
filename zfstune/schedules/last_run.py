"""The outcome of a scheduled run on a dataset, as a value and as a note in JSON."""

from __future__ import annotations

import json

from zfstune.values.frozen import frozen
from zfstune.values.text import utc_instant

__all__ = ["LastRun"]


@frozen
class LastRun:
    """One run of a job.

    Attributes:
        dataset: Full name of the dataset that has the schedule.
        job: ``snapshot``, ``replicate`` or ``prune``.
        began: The beginning, in seconds since 1970.
        ended: The end, in seconds since 1970.
        error: The reasons why some or all of its datasets failed, a line each; empty if
            none did.
        taken: The number of snapshots that it took.
        destroyed: The number of snapshots that it destroyed.
        spared: The number of snapshots that the policy lets go and that stayed.
        dataset_guid: ZFS' own number of the dataset, which it keeps when renamed. 0: the
            run did not get as far as the dataset, or an earlier version of zfstune
            noted it.
        sent: The number of streams that it sent.
    """

    dataset: str
    job: str
    began: int
    ended: int
    error: str = ""
    taken: int = 0
    destroyed: int = 0
    spared: int = 0
    dataset_guid: int = 0
    sent: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the run in JSON's types, times as text."""
        return {
            "dataset": self.dataset,
            "dataset_guid": str(self.dataset_guid) if self.dataset_guid else None,
            "job": self.job,
            "began": utc_instant(self.began),
            "ended": utc_instant(self.ended),
            "taken": self.taken,
            "destroyed": self.destroyed,
            "spared": self.spared,
            "sent": self.sent,
            "failed": self.error or None,
        }

    def to_json(self) -> str:
        """Write the note of the run, one line of JSON that :meth:`from_json` reads."""
        facts = {name: getattr(self, name) for name in _FIELDS}
        # The guid is text: a program that reads numbers as floats would round it.
        facts |= {_GUID: str(self.dataset_guid), _SENT: self.sent}
        return json.dumps(facts) + "\n"

    @classmethod
    def from_json(cls, text: str) -> LastRun | None:
        """Read a text that :meth:`to_json` wrote; return None for any other text."""
        try:
            document = json.loads(text)
            values = {name: document[name] for name in _FIELDS}
            guid = document.get(_GUID, "0")
            values[_SENT] = document.get(_SENT, 0)  # earlier versions sent nothing
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        kinds = {name: str if name in _TEXTS else int for name in values}
        if any(type(values[name]) is not kind for name, kind in kinds.items()):
            return None
        numbers = (values[name] for name in values if name not in _TEXTS)
        if not all(0 <= number <= _MOST for number in numbers) or not _is_guid(guid):
            return None
        return cls(**values, dataset_guid=int(guid))


_FIELDS = ("dataset", "job", "began", "ended", "error", "taken", "destroyed", "spared")
_TEXTS = ("dataset", "job", "error")
_GUID = "dataset_guid"
_SENT = "sent"
_GUID_DIGITS = 20  # of the largest number of 64 bits
_MOST = 253_402_300_799  # seconds: the end of the year 9999, where Python's calendar ends


def _is_guid(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return value.isascii() and value.isdigit() and len(value) <= _GUID_DIGITS
