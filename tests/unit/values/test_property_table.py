"""The table of native properties: each entry agrees with itself and with ZFS."""

from __future__ import annotations

import pytest

from zfstune.values.property_table import INDEX, NUMBER, STRING, TABLE


@pytest.mark.parametrize("name", sorted(TABLE))
def test_table_is_sound(name: str) -> None:
    """Each entry agrees with itself: words, numbers, features and releases."""
    prop = TABLE[name]
    assert prop.name == name
    assert prop.kinds <= {"filesystem", "volume", "snapshot", "bookmark"}
    assert not (prop.readonly and (prop.create_only or prop.inheritable or prop.default))
    assert prop.type in {INDEX, NUMBER, STRING}
    assert (prop.type == INDEX) == bool(prop.words)
    assert set(prop.texts) == set(prop.words.values())
    assert all(prop.words[text] == raw for raw, text in prop.texts.items())
    assert set(prop.features) | set(prop.words_since) <= set(prop.words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        # enum zio_checksum and enum zio_compress (include/sys/zio.h, zio_compress.h)
        ("checksum", {"sha256": 8, "edonr": 13, "blake3": 14}),
        ("dedup", {"sha256": 8, "sha256,verify": 264, "edonr,verify": 269, "verify": 257}),
        (
            "compression",
            {"lz4": 15, "gzip": 10, "gzip-6": 10, "gzip-9": 13, "zstd": 16, "zstd-3": 400},
        ),
        # a fast level stands in the byte that begins at 101 (enum zio_zstd_levels)
        ("compression", {"zstd-fast": 13200, "zstd-fast-1": 13200, "zstd-fast-2": 13328}),
        ("encryption", {"on": 1, "off": 2, "aes-256-gcm": 8}),
        ("dnodesize", {"legacy": 0, "auto": 1, "1k": 1024, "16k": 16384}),
    ],
)
def test_words_have_the_numbers_of_zfs(name: str, words: dict[str, int]) -> None:
    """A word stands for the number that OpenZFS stores on disk for it."""
    assert {word: TABLE[name].words[word] for word in words} == words


def test_edonr_dedups_only_with_verification() -> None:
    """ZFS has no value for dedup by edonr alone."""
    assert "edonr" not in TABLE["dedup"].words
    assert TABLE["dedup"].features["edonr,verify"] == "edonr"


def test_of_several_words_for_a_number_the_first_is_printed() -> None:
    """ZFS prints ``posix``, ``restricted`` and ``sa``, whichever word was given."""
    assert TABLE["acltype"].texts[1] == "posix"
    assert TABLE["aclinherit"].texts[4] == "restricted"
    assert TABLE["xattr"].texts[2] == "sa"
    assert TABLE["compression"].texts[10] == "gzip"
