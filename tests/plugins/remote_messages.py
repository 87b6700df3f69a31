"""Messages between hosts: one request of each call, and any JSON at all."""

from __future__ import annotations

from hypothesis import strategies as st

from zfstune.streams.ends import placeholder_mark
from zfstune.streams.remote.requests import SideCall
from zfstune.values.inert import PLACEHOLDER
from zfstune.values.marks import REPLICA_PROPERTY

__all__ = ["JSON", "PLACEHOLDER_VALUES", "REQUESTS"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

PLACEHOLDER_VALUES = {**PLACEHOLDER, REPLICA_PROPERTY: placeholder_mark(7)}
SEND = {"base": "tank/a#b", "raw": True, "held": ["tank/a@1"]}
REQUESTS = [
    SideCall("limits", {}),
    SideCall("ends", {"root": "tank/a", "recursive": True}),
    SideCall("with_properties", {"name": "tank/a"}),
    SideCall("own_properties", {"root": "tank/a", "recursive": True, "also": ["exec"]}),
    SideCall("copies", {"pool": "tank", "guids": [1, 2]}),
    SideCall("pool_guid", {"pool": "tank"}),
    SideCall("available_bytes", {"name": "tank/a"}),
    SideCall("bookmarks", {"name": "tank/a"}),
    SideCall("guid", {"snapshot": "tank/a@1"}),
    SideCall("send_size", {"snapshot": "tank/a@1", "base": "", "raw": False}),
    SideCall("send", {"snapshot": "tank/a@2", **SEND}),
    SideCall("send_resumed", {"token": "1-a-b-c", "snapshot": "tank/a@2", **SEND}),
    SideCall("token", {"name": "tank/a"}),
    SideCall(
        "receive",
        {
            "snapshot": "tank/a@1",
            "origin": "tank/b@1",
            "losing": ["tank/a@2"],
            "raw": False,
            "properties": {"readonly": "on"},
        },
    ),
    SideCall("take_snapshots", {"datasets": ["tank/a", "tank/a/b"], "name": "now"}),
    SideCall("digest", {"snapshot": "tank/a@1", "raw": True}),
    SideCall("note_target", {"name": "tank/a", "identity": 5, "place": "far:back/a"}),
    SideCall("rename", {"name": "tank/a", "new": "tank/a/c", "mark": None}),
    SideCall("make_placeholder", {"name": "tank/a/b", "properties": PLACEHOLDER_VALUES}),
    SideCall(
        "change_properties",
        {"name": "tank/a", "values": {"atime": "off"}, "inherited": ["recordsize"]},
    ),
    SideCall("abort_receive", {"name": "tank/a"}),
    SideCall("change_bookmarks", {"make": {"tank/a#1": "tank/a@1"}, "drop": ["tank/a#0"]}),
    SideCall("put_aside", {"name": "tank/a", "aside": "tank/a-aside-20300101T000000Z"}),
    SideCall("take_over", {"name": "tank/a"}),
]
