"""Sizes by the host's own lz4, zstd and gzip."""

from __future__ import annotations

import os
import zlib

import pytest

from zfstune.host import compressors
from zfstune.host.compressors import compressed_size, knows
from zfstune.values.errors import ZfstuneError

TEXT = b"".join(b"line %d of a text that repeats itself\n" % n for n in range(3000))


def test_sizes() -> None:
    """Zstd packs tighter than lz4, higher levels tighter still, noise not at all."""
    sizes = {
        name: compressed_size(name, TEXT) or 0
        for name in ("lz4", "zstd-fast-100", "zstd", "zstd-19", "gzip-9")
    }
    assert sizes["zstd-19"] < sizes["zstd"] < sizes["zstd-fast-100"] < len(TEXT)
    assert sizes["zstd"] < sizes["lz4"] < len(TEXT) // 2
    assert sizes["gzip-9"] == len(zlib.compress(TEXT, 9))
    noise = os.urandom(8192)
    assert all((compressed_size(name, noise) or 0) > 8192 for name in ("lz4", "zstd"))


def test_names() -> None:
    """A name without a number is the level that OpenZFS gives it."""
    assert compressed_size("zstd", TEXT) == compressed_size("zstd-3", TEXT)
    assert compressed_size("gzip", TEXT) == compressed_size("gzip-6", TEXT)
    assert compressed_size("on", TEXT) == compressed_size("lz4", TEXT)
    assert compressed_size("off", TEXT) is None
    names = ("off", "lz4", "zstd-fast-1", "gzip-1", "lzjb", "zle")
    assert [knows(name) for name in names] == [True, True, True, True, False, False]


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the package."""
    monkeypatch.setattr(compressors, "_LZ4", "libnone.so.1")
    monkeypatch.setattr(compressors, "_PACKAGES", {"libnone.so.1": "libnone1"})
    with pytest.raises(ZfstuneError, match="cannot open library 'libnone") as caught:
        compressed_size("lz4", TEXT)
    assert caught.value.hint == "apt install libnone1"
