"""Find faults of the snapshots of datasets: late ones, torn ones, and their policies."""

from __future__ import annotations

from time import time

from zfstune.health.findings import Finding
from zfstune.health.freshness import dues_of, fresh, log_pairs, torn, unkept
from zfstune.retention.store import stored_policies
from zfstune.schedules.cadence import NO_SCHEDULE, parse_cadence
from zfstune.values.errors import PolicyError
from zfstune.values.marks import (
    POLICY_PROPERTY,
    SCHEDULE_PROPERTY,
    is_auto_name,
    is_managed,
    set_here_on,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.datasets.expected import Expected
    from zfstune.engine.protocol import Engine
    from zfstune.retention.policy import Followed
    from zfstune.schedules.cadence import Cadence
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["SnapshotInspection"]


class SnapshotInspection:
    """Finds faults of snapshots, and lists those of a dataset at most once.

    Args:
        engine: The engine that has the datasets.
        datasets: All datasets of the pool, by name.
        chosen: The datasets that are looked at, by name.
    """

    def __init__(
        self,
        engine: Engine,
        datasets: Mapping[str, Dataset],
        chosen: Mapping[str, Expected],
    ) -> None:
        self.engine = engine
        self.datasets = datasets
        # The datasets that may hold data, each with whether a profile manages it. A
        # dataset that zfstune made only to hold others has no data worth a snapshot.
        self.holding = {
            name: bool(expected.profiles)
            for name, expected in chosen.items()
            if name in datasets and (expected.profiles or not is_managed(datasets[name]))
        }
        self.listed: dict[str, list[Snapshot]] = {}
        self.now = int(time())

    def listing(self, name: str) -> list[Snapshot]:
        """List the snapshots of one dataset, oldest first."""
        if name not in self.listed:
            self.listed[name] = self.engine.snapshots(name, dated=True)
        return self.listed[name]

    def findings(self, name: str) -> Iterator[Finding]:
        """Report snapshots that are late or, of data with a log of its own, torn."""
        if name not in self.holding:
            return
        try:
            followed = self._followed(name)
            cadence, scheduled_on = self._cadence(name)
        except PolicyError as error:
            yield Finding("stale-snapshots", error.message, error.hint)
            return
        dues = list(dues_of(followed, cadence, scheduled_on))
        if dues:
            yield from fresh(self.datasets[name], dues, self.listing(name), self.now)
        policy, set_on = (followed.policy, followed.set_on) if followed else (None, "")
        if name in (set_on, scheduled_on):  # once, not on each dataset below
            yield from unkept(name, cadence, policy)
        covers = is_auto_name if policy is None else policy.scope()
        for log, data in log_pairs(n for n, managed in self.holding.items() if managed):
            if data == name:
                yield from torn(log, data, self.listing, covers)

    def interval_seconds(self, name: str) -> int | None:
        """Return the longest time between two snapshots by a schedule, if there is one."""
        try:
            cadence, _ = self._cadence(name)
        except PolicyError:
            return None  # the snapshots' own findings say so
        return None if cadence is None else cadence.seconds

    def _followed(self, name: str) -> Followed | None:
        """Return the policy that a dataset follows, if any."""
        dataset = self.datasets[name]
        if dataset.value(POLICY_PROPERTY) is None:
            return None
        return stored_policies(self.engine, [dataset]).get(name)

    def _cadence(self, name: str) -> tuple[Cadence | None, str]:
        """Return the schedule that a dataset follows, and the dataset that has it set."""
        dataset = self.datasets[name]
        text = dataset.value(SCHEDULE_PROPERTY)
        origin = set_here_on(dataset, SCHEDULE_PROPERTY, self.datasets.get)
        if text in (None, "", NO_SCHEDULE) or not origin:
            return None, ""
        return parse_cadence(text), origin
