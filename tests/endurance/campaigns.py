"""The campaigns of `make endurance`: which tests, on what, in lots of what size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CAMPAIGNS", "HOST", "Campaign", "Share", "shares"]

HOST = ""
RELEASES = ("bookworm", "trixie-backports")


@dataclass(frozen=True)
class Campaign:
    """Tests that are repeated with new seeds until their time is over.

    Attributes:
        name: What is done, as the table calls it.
        tests: Words for pytest.
        lot: Environment of one lot, which says how large it is.
        release: The guest in which they run; HOST: none.
        weight: Its part of the time, in relation to the others.
    """

    name: str
    tests: tuple[str, ...]
    lot: Mapping[str, str] = field(default_factory=dict)
    release: str = HOST
    weight: int = 1


@dataclass(frozen=True)
class Share:
    """A campaign with its part of the time, in seconds."""

    campaign: Campaign
    seconds: float


def _on_kernels() -> Iterable[Campaign]:
    for release in RELEASES:
        for name, file, weight in (
            ("commands killed", "test_killed_verbs.py", 4),
            ("apply and prune killed", "test_kill.py", 2),
            ("replication over ssh killed", "test_ssh.py", 3),
        ):
            lot = {"ZFSTUNE_KILLS": "25"}
            yield Campaign(name, (f"tests/lab/{file}",), lot, release, weight)
        changed = ("tests/lab/test_mutated_streams.py",)
        lot = {"ZFSTUNE_FUZZ_SECONDS": "300"}
        yield Campaign("streams changed at random", changed, lot, release, 2)
        lost = ("tests/lab/test_lost_kill.py",)
        yield Campaign("killed while the kernel makes a thread", lost, {}, release, 1)
        rights = ("tests/lab/test_privileges.py",)
        yield Campaign("commands without root", rights, {}, release, 1)
        walk = {"ZFSTUNE_MACHINE_EXAMPLES": "10", "ZFSTUNE_MACHINE_STEPS": "40"}
        yield Campaign("random walks", ("tests/lab/test_machine.py",), walk, release, 2)


CAMPAIGNS = (
    Campaign(
        "commands killed",
        ("tests/image/test_killed_verbs.py",),
        {"ZFSTUNE_KILLS": "20"},
        weight=6,
    ),
    Campaign(
        "the process of an image killed",
        ("tests/image/test_kill.py",),
        {"ZFSTUNE_KILLS": "250"},
        weight=2,
    ),
    Campaign(
        "a raw receive killed at each sync of its disk",
        ("tests/image/test_killed_at_syncs.py",),
    ),
    Campaign(
        "power cuts of an image's disk",
        ("tests/image/test_power_cuts.py",),
        {"ZFSTUNE_KILLS": "100"},
        weight=2,
    ),
    Campaign(
        "forged images opened",
        ("tests/image/test_forged.py",),
        {"ZFSTUNE_KILLS": "500"},
    ),
    Campaign(
        "each call of OpenZFS fails once",
        ("tests/image/test_failing_calls.py",),
        {"ZFSTUNE_FAULTS": "1000"},
        weight=3,
    ),
    Campaign(
        "each allocation of an image's calls fails once",
        ("tests/image/test_short_memory.py",),
    ),
    Campaign(
        "a million snapshots decided",
        ("tests/unit/retention/test_decision_scale.py",),
        {"ZFSTUNE_SNAPSHOTS": "1000000"},
    ),
    Campaign(
        "commands on a host that is short of something",
        ("tests/image/test_short_host.py",),
        {"ZFSTUNE_KILLS": "1"},
        weight=3,
    ),
    Campaign(
        "random walks over two pools",
        ("tests/image/test_replica_machine.py",),
        {"ZFSTUNE_MACHINE_EXAMPLES": "20", "ZFSTUNE_MACHINE_STEPS": "40"},
        weight=2,
    ),
    Campaign(
        "hostile lists and streams, failing allocations",
        ("tests/native/test_hostile.py",),
        {"ZFSTUNE_FUZZ_SECONDS": "60"},
        weight=3,
    ),
    Campaign(
        "streams changed at random, received by an image",
        ("tests/image/test_mutated_streams.py",),
        {"ZFSTUNE_FUZZ_SECONDS": "300"},
        weight=2,
    ),
    Campaign(
        "decoders in C, fuzzed by coverage",
        ("tests/native/test_decoders.py",),
        {"ZFSTUNE_FUZZ_SECONDS": "300"},
        weight=3,
    ),
    Campaign(
        "parsers in Python, fuzzed by coverage",
        ("tests/native/test_hostile_parsers.py",),
        {"ZFSTUNE_FUZZ_RUNS": "100000"},
        weight=3,
    ),
    *_on_kernels(),
    Campaign(
        "days that go by under systemd",
        ("-m", "guest", "tests/systemd", "-k", "each_day"),
        {"ZFSTUNE_DAYS": "366"},
        weight=2,
    ),
    Campaign(
        "replication between two machines, power cuts",
        ("-m", "machines", "tests/machines"),
        {"ZFSTUNE_LAB_WHOLE": "1", "ZFSTUNE_KILLS": "25"},
        weight=4,
    ),
)


def shares(campaigns: Iterable[Campaign], seconds: float) -> list[Share]:
    """Split the time over campaigns by their weights."""
    chosen = list(campaigns)
    total = sum(campaign.weight for campaign in chosen)
    return [Share(each, seconds * each.weight / total) for each in chosen]
