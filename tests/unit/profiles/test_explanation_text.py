"""An explanation as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_pool import pool_info
from zfstune.profiles.explanation import explain_profile
from zfstune.profiles.load import load
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from zfstune.profiles.explanation import Explanation
    from zfstune.values.state import PoolInfo


def explained(
    name: str, variant: str | None = None, pool: PoolInfo | None = None
) -> Explanation:
    """Explain a profile that ships."""
    return explain_profile(load(name), variant, pool, DEFAULT_LIMITS)


def test_text_reads_as_paragraphs() -> None:
    """The text has the pool, each value with its reasons, the sizes, and the variants."""
    text = str(explained("grafana", pool=pool_info("mirror")))
    lines = text.splitlines()
    assert lines[:4] == [
        "grafana: Grafana: one SQLite database and plugins",
        "pool tank: mirror, ashift 12",
        "",
        "grafana",
    ]
    assert "  recordsize=64K" in lines
    assert "\n      seed:       16K. Meant for small files; SQLite's pages are 4K" in text
    assert "\n  on disk:    a record of 64K takes 64K, or 32K where data packs to" in text
    assert "\nvariants:\n  seed  Exactly what the kldload" in text
