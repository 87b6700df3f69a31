"""Simulate a whole policy from now on, as ``zfstune policy simulate`` does."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.retention.policy_text import parse_policy
from zfstune.retention.simulation import simulate
from zfstune.retention.store import zone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.retention.policy import Policy
    from zfstune.retention.simulation import Simulation

__all__ = ["simulate_policy"]


def simulate_policy(
    policy: Policy | str,
    *,
    every_s: int = 3600,
    until_s: int = 365 * 86400,
    start: datetime | None = None,
) -> tuple[Simulation, ...]:
    """Show which snapshots a policy would leave after a time of regular snapshots.

    No ZFS is needed, and nothing is changed.

    Args:
        policy: The policy, or its text, as in ``hourly=48 daily=30``.
        every_s: Seconds between two snapshots.
        until_s: Seconds to simulate; default: 365 days.
        start: When the first snapshot is taken; default: now.

    Returns:
        A simulation for each of ``policy.groups``, in that order. ``str()`` of one is what
        the command prints of it.

    Raises:
        PolicyError: The text is no policy, this system does not know its zone, or the
            times make fewer than two snapshots or too many of them.
    """
    parsed = parse_policy(policy) if isinstance(policy, str) else policy
    begin = start or datetime.now(UTC).replace(microsecond=0)
    tz = zone(parsed)
    return tuple(simulate(group, every_s, begin, until_s, tz) for group in parsed.groups)
