"""Each number in the reason of a profile is computed here, or says that it was measured.

Numbers that come from the files of a system are repeated by benchmarks/recordsize.
"""

from __future__ import annotations

import base64
import re
import tomllib
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from numbers_of_files import OF_FILES

from zfstune.host.compressors import compressed_size
from zfstune.values.ondisk import device_bytes, stored_bytes
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROFILES = Path(__file__).parents[2] / "profiles"
NUMBER = re.compile(
    r"\d+(?:\.\d+)? times|\d+(?:\.\d+)?%|\d+\.\d+ pages|(?:two|three|four) times|sixteen"
    r"|\d+ MiB|by a quarter|a tenth|to a half|against \d\.\d+|\d\.\d+ at \d+[KM]"
)


def most_times(record: int, ashift: int) -> float:
    """Return how many times a record shrinks at the most."""
    sizes = (stored_bytes(record, packed, ashift=ashift) for packed in range(113, record))
    return record / min(sizes)


def raidz_times(parity: int) -> float:
    """Return how much larger a record of 8K is on raidz with sectors of 4K."""
    disks = tuple(f"/dev/{number}" for number in range(parity + 4))
    vdev = Vdev(f"raidz{parity}", 12, "normal", disks, None, len(disks), parity)
    return device_bytes(vdev, 8192) / 8192


def base64_saves() -> float:
    """Return the share that zstd saves of an attachment in base64."""
    raw = Random(1).randbytes(96 << 10)  # noqa: S311 (it stands for a packed picture)
    text = base64.encodebytes(raw)
    packed = compressed_size("zstd-3", text)
    assert packed is not None
    return 1 - packed / len(text)


def appended_times(record: int, appended: int) -> float:
    """Return how often what is appended in a transaction group is written, on average."""
    steps = range(appended, record + 1, appended)
    return sum(steps) / len(steps) / appended


# A part of a reason, and what says that its numbers are right.
COMPUTED: dict[str, Callable[[], bool]] = {
    "compression at four times": lambda: most_times(16384, 12) == 4,
    "p to four times on sectors of 4K": lambda: most_times(16384, 12) == 4,
    "an 8K record can never compress. 16K can, to a half": lambda: (
        (most_times(8192, 13), most_times(16384, 13)) == (1, 2)
    ),
    "make 8K two to four times as large": lambda: (
        [raidz_times(parity) for parity in (1, 2, 3)] == [2, 3, 4]
    ),
    "a page write rewrites sixteen": lambda: (64 << 10) // 4096 == 16,
    "reads and rewrites 1 MiB": lambda: True,  # the record size that it stands beside
    "packs the whole 1 MiB": lambda: True,
    "in base64 pack by a quarter": lambda: abs(base64_saves() - 0.25) < 0.03,
    "writes 1.5 times that at 128K, and 8.5 times at 1M": lambda: (
        [appended_times(size, 64 << 10) for size in (128 << 10, 1 << 20)] == [1.5, 8.5]
    ),
    # transactions a second, in the source that the profile names
    "measured 6% slower": lambda: round(100 * (1 - 17_238 / 18_374)) == 6,
}
# These were measured on data that does not ship; their reasons say so.
MEASURED = (
    "4.0 times at 16K, 5.3 at 128K, 5.5 at 1M",  # an access log of nginx, zstd-3
    "5.3 times",
    "against 3.4 with lz4",
    "gained under 1%",
    "1.1 times at 16K, 1.5 at 128K",  # 6,000 messages in a maildir
    "1.1 times, against 1.5 at 128K",
    "135 MiB for 121 MiB",  # a folder of images
    "11% more",
    "a tenth at 32K with lz4",  # tables and indexes of PostgreSQL 15 with uuid and jsonb
    "3.5 times the bytes a random page",
    "a tenth to a quarter fewer bytes a transaction",  # docs/applications.md
    "1.84 times against 1.71 at 8K, and 1.8 times the bytes",
    "2.1 pages, against 0.6 at 8K",
    "2.5 times, against 1.9 with lz4",
    "6.8 pages",
    "2.8 times, against 2.1 with lz4",
    "4.2 times at 128K, 1.8 times at 8K (96 MiB of WAL",  # 96 MiB of its WAL
    "1.8 times at 8K and 4.2 times at 128K",
)


def reasons() -> Iterator[tuple[str, str]]:
    """Return the reasons of all profiles, each with its profile's name."""
    for path in sorted(PROFILES.glob("*.toml")):
        for why in _reasons(tomllib.loads(path.read_text("utf-8"))):
            yield path.stem, why


def _reasons(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "why":
                yield part
            else:
                yield from _reasons(part)
    elif isinstance(value, list):
        for part in value:
            yield from _reasons(part)


def covers(why: str, phrase: str) -> set[int]:
    """Return the places of a reason that a phrase covers."""
    found = re.finditer(re.escape(phrase), why)
    return {place for match in found for place in range(*match.span())}


def test_each_number_is_accounted_for() -> None:
    """No profile has a number that is neither computed nor measured."""
    phrases = (*COMPUTED, *MEASURED, *OF_FILES)
    loose = []
    for profile, why in reasons():
        known = {place for phrase in phrases for place in covers(why, phrase)}
        loose += [
            (profile, match[0])
            for match in NUMBER.finditer(why)
            if not known.issuperset(range(*match.span()))
        ]
    assert loose == []


def test_no_entry_is_left_over() -> None:
    """Each entry stands in some profile."""
    texts = [why for _, why in reasons()]
    phrases = (*COMPUTED, *MEASURED, *OF_FILES)
    assert [p for p in phrases if not any(p in why for why in texts)] == []


@pytest.mark.parametrize("phrase", COMPUTED)
def test_computed(phrase: str) -> None:
    """The arithmetic of ZFS, or of the source, gives the number."""
    assert COMPUTED[phrase]()


@pytest.mark.parametrize("phrase", MEASURED)
def test_measured(phrase: str) -> None:
    """The reader is told that it was measured, not that it holds everywhere."""
    for _, why in reasons():
        if phrase in why:
            assert "easured" in why


def test_the_profiles_are_here() -> None:
    """The scan has seen them."""
    assert {profile for profile, _ in reasons()} >= {"postgres", "logs", "vm-images"}
