"""Replication between two machines that is cut short: the next run finishes it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from lab_pair import MIB
from lots import kills, seed, tally

if TYPE_CHECKING:
    from lab_pair import Way

pytestmark = [pytest.mark.machines, pytest.mark.timeout(7000)]

KILLS = kills(4)
SEED = seed(4)
STREAM_BYTES = 5 * MIB
# Of each process its words in a command line, and on which side it is looked for.
REPLICATES = "bin/zfstune replicate"
FAR = "zfstune serve|zfs (send|receive)"
VICTIMS = (
    ("operator", REPLICATES, "KILL"),
    ("other", FAR, "KILL"),
    ("operator", "^ssh ", "KILL"),
    ("operator", REPLICATES, "INT"),
    ("other", "^sshd.*: root", "KILL"),
)


@pytest.fixture
def copied(way: Way) -> Way:
    """Give a way whose target is up to date, and whose source then has a snapshot more."""
    way.sender.run("zfs", "create", "-o", f"mountpoint=/{way.source}", way.source)
    write(way, "1", MIB)
    way.replicate()
    write(way, "2")
    return way


def write(way: Way, short: str, size_bytes: int = STREAM_BYTES) -> None:
    """Write a file to the source in the place of all others, and take a snapshot."""
    script = 'rm -f "/$1"/*; head -c "$3" /dev/urandom >"/$1/$2"; zfs snapshot "$1@$2"'
    way.sender.sh(script, way.source, short, str(size_bytes))


def wait_for_quiet(way: Way) -> None:
    """Wait until nothing of an earlier run is at work on either side."""
    way.operator.wait_until_gone(REPLICATES)
    way.other.wait_until_gone(FAR)


def test_killed_at_random_moments(copied: Way) -> None:
    """Any process of either side, at any byte; all is equal afterwards."""
    random = Random(SEED)  # noqa: S311 (no secret)
    for number in range(KILLS):
        side, words, signal = VICTIMS[number % len(VICTIMS)]
        job, stopped = copied.stop_after(random.randrange(STREAM_BYTES))
        if stopped:
            getattr(copied, side).kill(words, signal)
            copied.wire.move()
        job.end()
        wait_for_quiet(copied)
        if number % 3 == 2 or number == KILLS - 1:
            copied.replicate()
            copied.check()
            write(copied, f"after-{number}")
    tally(kills=KILLS)


def test_power_cut_of_the_target(copied: Way) -> None:
    """In mid-stream; what had arrived is there after a boot, or all of it comes anew."""
    job, stopped = copied.stop_after(STREAM_BYTES // 2)
    assert stopped
    copied.receiver.cut_power()
    copied.wire.move()
    copied.receiver.boot_again()
    if copied.operator is copied.sender:
        assert job.end().status == 1
    wait_for_quiet(copied)
    copied.replicate()
    copied.check()


def test_network_cut(copied: Way) -> None:
    """In mid-stream and without a word: both sides notice, and the next run goes on."""
    job, stopped = copied.stop_after(STREAM_BYTES // 2)
    assert stopped
    copied.wire.cut()
    said = job.end()
    assert said.status == 1
    assert "hint: run the command again: it goes on" in said.err
    wait_for_quiet(copied)
    copied.wire.mend()
    plan = copied.operator.run(*copied.argv("-n"))
    assert "resume" in plan
    copied.replicate()
    copied.check()
