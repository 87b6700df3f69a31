"""What became of the last scheduled run on a dataset, as a value and as JSON."""

from __future__ import annotations

from zfstune.frozen import frozen

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
    """

    dataset: str
    job: str
    began: int
    ended: int
    error: str = ""
    taken: int = 0
    destroyed: int = 0
    spared: int = 0

    def to_json(self) -> str:
        """Write it, ending in a newline."""
        import json  # noqa: PLC0415 (a run writes one)

        return json.dumps({name: getattr(self, name) for name in _FIELDS}) + "\n"

    @classmethod
    def from_json(cls, text: str) -> LastRun | None:
        """Read what :meth:`to_json` wrote; None: it is nothing of the kind."""
        import json  # noqa: PLC0415 (as above)

        try:
            found = json.loads(text)
            values = {name: found[name] for name in _FIELDS}
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        kinds = {name: str if name in _TEXTS else int for name in _FIELDS}
        if any(type(values[name]) is not kind for name, kind in kinds.items()):
            return None
        return cls(**values)


_FIELDS = ("dataset", "job", "began", "ended", "error", "taken", "destroyed", "spared")
_TEXTS = ("dataset", "job", "error")
