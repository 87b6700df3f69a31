"""Facts about this machine."""

from __future__ import annotations

import os

from zfstune.host.machine_facts import machine_facts


def test_facts() -> None:
    """Each fact is a text, and those that each machine has are there."""
    facts = machine_facts()
    assert facts["kernel"] == os.uname().release
    assert facts["processors"] == str(os.cpu_count())
    assert facts["memory"].endswith(" GiB")
    assert facts["guest"] in ("yes", "no")
    assert all(isinstance(value, str) for value in facts.values())
