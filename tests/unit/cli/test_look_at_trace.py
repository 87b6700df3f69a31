"""What an application does, on the terminal and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recorded_traces import RECORDINGS
from zfstune.cli.look_at_trace import look_at_trace
from zfstune.cli.output import begin_document, end_document

if TYPE_CHECKING:
    import pytest

TRACE = str(RECORDINGS / "strace.txt")


def test_text_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Both have the figures of one summary."""
    assert look_at_trace(TRACE, as_json=False) == 0
    text = capsys.readouterr().out
    begin_document("measure", dry_run=False)
    assert look_at_trace(TRACE, as_json=True) == 0
    end_document(0)
    summary = json.loads(capsys.readouterr().out)
    assert summary["writes"]["operations"] == 38
    assert "writes          38   88%" in text
    assert summary["syncs"] == 13
    assert "syncs           13" in text
