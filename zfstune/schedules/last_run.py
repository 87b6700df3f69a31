"""What became of the last scheduled run on a dataset, as a value and as JSON."""

from __future__ import annotations

from zfstune.values.frozen import frozen

__all__ = ["LastRun"]


@frozen
class LastRun:
    """One run of a job.

    Attributes:
        dataset: What it was for.
        job: ``snapshot`` or ``prune``.
        began: Seconds since 1970.
        ended: The same.
        error: Why it failed, for all of its datasets or for some, a line each; empty
            where it did not.
        taken: How many snapshots it took.
        destroyed: How many it destroyed.
        spared: How many were to go and stayed.
        dataset_guid: ZFS' own number of the dataset, which no other has, whatever its
            name is; 0: the run did not get as far as the dataset, or an earlier
            version of zfstune noted it.
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

    def to_dict(self) -> dict[str, object]:
        """Give it as JSON takes it."""
        facts = {name: getattr(self, name) for name in _FIELDS}
        # as text: a program that reads numbers as floats would round it
        return facts | {_GUID: str(self.dataset_guid)}

    def to_json(self) -> str:
        """Write it, ending in a newline."""
        import json  # noqa: PLC0415 (a run writes one)

        return json.dumps(self.to_dict()) + "\n"

    @classmethod
    def from_json(cls, text: str) -> LastRun | None:
        """Read what :meth:`to_json` wrote; None: it is nothing of the kind."""
        import json  # noqa: PLC0415 (as above)

        try:
            found = json.loads(text)
            values = {name: found[name] for name in _FIELDS}
            guid = found.get(_GUID, "0")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        kinds = {name: str if name in _TEXTS else int for name in _FIELDS}
        if any(type(values[name]) is not kind for name, kind in kinds.items()):
            return None
        numbers = (values[name] for name in _FIELDS if name not in _TEXTS)
        if not all(0 <= number <= _MOST for number in numbers) or not _is_guid(guid):
            return None
        return cls(**values, dataset_guid=int(guid))


_FIELDS = ("dataset", "job", "began", "ended", "error", "taken", "destroyed", "spared")
_TEXTS = ("dataset", "job", "error")
_GUID = "dataset_guid"
_GUID_DIGITS = 20  # of the largest number of 64 bits
_MOST = 253_402_300_799  # seconds: the end of the year 9999, where Python's calendar ends


def _is_guid(found: object) -> bool:
    text = found if isinstance(found, str) else ""
    return text.isascii() and text.isdigit() and len(text) <= _GUID_DIGITS
