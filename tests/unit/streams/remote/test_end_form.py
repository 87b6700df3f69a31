"""An end as a message has it: all of it comes back, and nothing that cannot be right."""

from __future__ import annotations

import json

import pytest

from stream_ends import mark, snap, source
from zfstune.streams.remote.end_form import end_from, write_end
from zfstune.streams.remote.fields import BadMessageError
from zfstune.values.errors import ZfstuneError
from zfstune.values.frozen import replace
from zfstune.values.marks import BEGUN

END = replace(
    source(1, snap(2, "two"), marks=[mark(1)]),
    encrypted=True,
    key_root="tank",
    key_salt=(1 << 64) - 1,
    lacking=("exec", "canmount"),
)


def test_there_and_back() -> None:
    """As JSON carries it, also where a raw stream has begun it and nothing more."""
    for end in (END, replace(END, kind=BEGUN, lacking=())):
        assert end_from(json.loads(json.dumps(write_end(end)))) == end


@pytest.mark.parametrize(
    "changed",
    [
        {"lacking": ["exec", "exec"]},
        {"lacking": ["sync"]},
        {"lacking": ["volmode"]},  # which no filesystem has
        {"lacking": "exec"},
        {"key_root": "other/a"},
        {"key_root": "tank/../a"},
        {"key_root": 7},
        {"key_salt": 1 << 64},
        {"key_salt": -1},
        {"guid": 0},
    ],
)
def test_a_lie(changed: dict[str, object]) -> None:
    """It is no end."""
    with pytest.raises((BadMessageError, ZfstuneError)):
        end_from({**write_end(END), **changed})
