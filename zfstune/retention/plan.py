"""The plan of a prune and its result, as values."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.retention.prune_text import count_lines, decision_lines, freed_lines
from zfstune.values.frozen import frozen
from zfstune.values.text import utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from zfstune.retention.decision import Decision
    from zfstune.retention.policy import Policy
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Snapshot

__all__ = ["PrunePlan", "Pruned"]

_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_ALARMS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NO_FAILURES: Mapping[str, ZfstuneError] = MappingProxyType({})


@frozen
class PrunePlan:
    """The snapshots that are to go, the snapshots that stay, and the reasons.

    Attributes:
        policies: The policy that each dataset follows.
        decisions: One decision a snapshot, by dataset, newest first.
        alarms_by_dataset: The alarms of a dataset, which only `force` overrides.
        reclaims: The bytes that each dataset's victims would free, where that was asked
            for: exact, except for blocks that dedup or block cloning also keeps.
        remember: The number of snapshots in scope that is to be noted on a dataset, for
            the next prune to compare with.
        failed: Datasets that could not be read, or whose policy cannot be followed, and
            why; the rest of the plan leaves them out.
    """

    policies: Mapping[str, Policy]
    decisions: tuple[Decision, ...]
    alarms_by_dataset: Mapping[str, tuple[str, ...]] = _NO_ALARMS
    reclaims: Mapping[str, int] | None = None
    remember: Mapping[str, int] = _NOTHING
    failed: Mapping[str, ZfstuneError] = _NO_FAILURES

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarms of all datasets."""
        return tuple(
            alarm for alarms in self.alarms_by_dataset.values() for alarm in alarms
        )

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that were looked at."""
        return tuple(self.policies)

    @property
    def victims(self) -> tuple[Snapshot, ...]:
        """The snapshots to destroy."""
        return tuple(d.snapshot for d in self.decisions if not d.keep)

    @property
    def spared(self) -> tuple[Decision, ...]:
        """The snapshots that the policy lets go, and that a clone or a hold keeps."""
        return tuple(d for d in self.decisions if d.spared)

    def without(self, datasets: Container[str]) -> PrunePlan:
        """Return the plan without some datasets."""
        return PrunePlan(
            {n: policy for n, policy in self.policies.items() if n not in datasets},
            tuple(d for d in self.decisions if d.snapshot.dataset not in datasets),
            {n: a for n, a in self.alarms_by_dataset.items() if n not in datasets},
            self.reclaims,
            {n: count for n, count in self.remember.items() if n not in datasets},
            self.failed,
        )

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, *, columns: int = 0) -> list[str]:
        """Return what a dry run prints: a row for each snapshot, and the numbers.

        Args:
            columns: The width of the terminal that the rows have to fit; 0: any.
        """
        gone = {snapshot.name for snapshot in self.victims}
        rows = decision_lines(self.decisions, gone, columns) if self.datasets else []
        verb, frees = "would destroy", self.reclaims
        return [*rows, *count_lines(self.datasets, self.decisions, gone, verb, frees)]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in the form of its JSON document."""
        from zfstune.retention.policy_text import (  # noqa: PLC0415 (not for a count)
            format_policy,
        )

        policies = list(self.policies.values())
        shared = (
            policies[0]
            if policies and policies.count(policies[0]) == len(policies)
            else None
        )
        return {
            "keep": shared.keep if shared else None,
            "match": shared.match if shared else None,
            "datasets": list(self.datasets),
            "policies": {d: format_policy(policy) for d, policy in self.policies.items()},
            "alarms": list(self.alarms),
            "failed": _reasons(self.failed),
            "would_free_bytes": None if self.reclaims is None else dict(self.reclaims),
            "snapshots": [
                {
                    "name": d.snapshot.name,
                    "guid": str(d.snapshot.guid),  # jq rounds numbers above 2**53
                    "createtxg": str(d.snapshot.createtxg),
                    "action": "keep" if d.keep else "destroy",
                    "spared": d.spared,
                    "reasons": list(d.reasons),
                    "creation": utc_instant(d.snapshot.creation),
                    "expires": utc_instant(d.expires),
                }
                for d in self.decisions
            ],
        }


@frozen
class Pruned:
    """The result of a prune.

    Attributes:
        plan: The plan.
        destroyed: Names of the destroyed snapshots, in that order.
        spared: Snapshots that the policy lets go and that stayed, as the plan had it
            or as it turned out while it ran.
        fallback: Why guids were checked just before snapshots were destroyed by name;
            empty where that was done in the transaction which destroyed them.
        freed: The bytes that each pool has less in use, where the prune waited for
            them; others' writes and deletions in the meantime are included. None for a
            pool that was still freeing, or does not say.
        failed: Datasets that were not pruned, or not to the end, and why. Where all of
            them failed, :func:`zfstune.prune` raises an error instead.
    """

    plan: PrunePlan
    destroyed: tuple[str, ...]
    spared: tuple[Decision, ...]
    fallback: str = ""
    freed: Mapping[str, int | None] | None = None
    failed: Mapping[str, ZfstuneError] = _NO_FAILURES

    def __bool__(self) -> bool:
        return bool(self.destroyed)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, *, verbose: bool = False, columns: int = 0) -> list[str]:
        """Return what was done: a line for each dataset, and one for each pool.

        Args:
            verbose: Begin with a row for each snapshot.
            columns: The width of the terminal that the rows have to fit; 0: any.
        """
        plan, gone = self.plan, set(self.destroyed)
        rows: list[str] = []
        if verbose and plan.datasets:
            rows = decision_lines(plan.decisions, gone, columns)
        rows += count_lines(plan.datasets, plan.decisions, gone, "destroyed")
        if self.freed is None:
            return rows
        foretold = (plan.reclaims or {}).items()
        expected = {name: size for name, size in foretold if name not in self.failed}
        return [*rows, *freed_lines(self.freed, expected)]

    def to_dict(self) -> dict[str, object]:
        """Return the plan and its result in the form of their JSON document."""
        return {
            **self.plan.to_dict(),
            "destroyed": list(self.destroyed),
            "spared": [
                {"name": d.snapshot.name, "reasons": list(d.reasons)} for d in self.spared
            ],
            "checked": "just before" if self.fallback else "in the transaction",
            "fallback": self.fallback or None,
            "freed_bytes": None if self.freed is None else dict(self.freed),
            "failed": _reasons(self.failed),
        }


def _reasons(failed: Mapping[str, ZfstuneError]) -> list[dict[str, str]]:
    return [{"name": name, "reason": error.message} for name, error in failed.items()]
