"""What an image's calls write is believed as far as its form goes, and no further."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_tree import ROOT
from told_image import WRITINGS, hear_writing
from zfstune.engine._image_answers import FORMS, read_written
from zfstune.engine._image_messages import NonsenseError

PROPERTIES = '{"used":{"value":7},"org.x:y":{"value":"z","source":""}}'
STATS = [7] * 20

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.dictionaries(
            st.sampled_from(["value", "source", "guid", "type", "vdev_tree", "children"]),
            inner,
        )
    ),
)


def written(function: str, text: str, *args: object) -> object:
    """Read what a function wrote that succeeded."""
    return read_written(function, 0, text.encode(), args)


def tree(**device: object) -> str:
    """Write the configuration of a pool with one device."""
    leaf = {"type": "file", "path": "/x", "guid": 5, "vdev_stats": STATS, **device}
    return json.dumps(
        {"pool_guid": 1, "vdev_tree": {"type": "root", "children": [leaf]}},
    )


@pytest.mark.parametrize(
    ("function", "text", "args"),
    [
        ("zt_list_datasets", f'[["tank",2,1,1,0,0,{PROPERTIES}]]', ("tank",)),
        ("zt_list_datasets", '[["tank/a",2,1,1,0,0,5]]', ("tank",)),
        ("zt_list_snapshots", '[["s",-1,18446744073709551615,1,0,0,null]]', ("tank", 0)),
        ("zt_list_snapshots", r'[["\udcff",2,1,1,0,0,null]]', ("tank", 0)),
        ("zt_stats", f'["tank",2,1,1,0,0,{PROPERTIES}]', ("tank",)),
        ("zt_pool_config", tree(), ("tank",)),
        ("zt_get_holds", '{"tag":9}', ()),
        ("zt_wait", "1", ()),
        ("zt_channel_program", '{"return":[1,{"a":-1}]}', ()),
    ],
)
def test_taken(function: str, text: str, args: tuple[object, ...]) -> None:
    """What C writes is what json.loads() makes of it."""
    assert written(function, text, *args) == json.loads(text)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("zt_list_datasets", "{}"),
        ("zt_list_datasets", "[7]"),
        ("zt_list_datasets", '[["tank",2,1,1,0,0]]'),
        ("zt_list_datasets", '[["tank",2,true,1,0,0,null]]'),
        ("zt_list_datasets", '[["tank",2,-1,1,0,0,null]]'),
        ("zt_list_datasets", '[["tank",2,18446744073709551616,1,0,0,null]]'),
        ("zt_list_datasets", '[["tank",2,1,1,0,0,[]]]'),
        ("zt_list_datasets", '[["tank",2,1,1,0,0,{"used":7}]]'),
        ("zt_list_datasets", '[["tank",2,1,1,0,0,{"used":{"value":[]}}]]'),
        (
            "zt_list_datasets",
            '[["tank",2,1,1,0,0,{"used":{"value":18446744073709551616}}]]',
        ),
        ("zt_list_datasets", '[["tank",2,1,1,0,0,{"used":{"value":7,"source":7}}]]'),
        ("zt_list_datasets", '[["tanks",2,1,1,0,0,null]]'),
        ("zt_list_datasets", '[["tank/a@s",2,1,1,0,0,null]]'),
        ("zt_list_datasets", r'[["tank/\u0000",2,1,1,0,0,null]]'),
        ("zt_list_datasets", r'[["tank/\ud800",2,1,1,0,0,null]]'),
        ("zt_list_snapshots", '[["a/b",2,1,1,0,0,null]]'),
        ("zt_list_snapshots", '[["s",2,1,1,0,0,5]]'),
        ("zt_list_named", '[["tank",2,1,1,0,0,null]]'),
        ("zt_stats", '["other",2,1,1,0,0,null]'),
        ("zt_pool_config", "{}"),
        ("zt_pool_config", tree(guid=-1)),
        ("zt_pool_config", tree(guid=1 << 64)),
        ("zt_pool_config", tree(type=7)),
        ("zt_pool_config", tree(type="raidz")),
        ("zt_pool_config", tree(vdev_stats=[1])),
        ("zt_pool_config", tree(children=[7])),
        ("zt_get_bookmarks", '{"m":{"guid":{"value":1}}}'),
        ("zt_get_bookmarks", '{"m":{"guid":{}}}'),
        ("zt_get_holds", '{"tag":"9"}'),
        ("zt_object_stats", '["/a",1]'),
        ("zt_changed_objects", "[-1]"),
        ("zt_send_space", '"7"'),
        ("zt_send_space", ""),
        ("zt_pool_props", '{"freeing":{"value":"x"}}'),
        ("zt_channel_program", '{"return":' + "[" * 200 + "]" * 200 + "}"),
        ("zt_channel_program", '{"return":1.5}'),
        ("zt_trim", '{"tank":7}'),
        ("zt_set", '{"a":null}'),
        ("zt_promote", "7"),
    ],
)
def test_nonsense(function: str, text: str) -> None:
    """Another type, a number of more than 64 bits, a name from elsewhere, or nothing."""
    with pytest.raises(NonsenseError):
        written(function, text, "tank")


def test_a_deep_tree_of_devices() -> None:
    """A tree of devices is nested no deeper than the code that walks it may be."""
    vdev: dict[str, object] = {"type": "mirror"}
    for _ in range(20):
        vdev = {"type": "mirror", "children": [vdev]}
    with pytest.raises(NonsenseError, match="depth"):
        written("zt_pool_config", json.dumps({"pool_guid": 1, "vdev_tree": vdev}), "tank")


def test_a_failed_call_may_write_nothing() -> None:
    """An errno stands for itself."""
    assert read_written("zt_stats", 2, b"", ("tank",)) is None


@given(st.sampled_from(WRITINGS), st.data())
def test_changed_bytes_break_no_call(sound: bytes, data: st.DataObject) -> None:
    """The calls of an engine take what is left, or end with an error of zfstune's."""
    changed = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from(b'0-9"[]{},:ntx\\\xff'))
    hear(bytes(changed))


@given(values)
def test_any_value_breaks_no_call(value: object) -> None:
    """So they do with any JSON."""
    hear(json.dumps(value).encode())


def hear(data: bytes) -> None:
    """Make each reading call on an image whose functions write this."""
    try:
        hear_writing(data)
    except NonsenseError:
        return


def test_each_function_has_a_form() -> None:
    """No engine asks a function to write of which nobody knows what it may."""
    engine = ROOT / "zfstune" / "engine"
    asked = set()
    for file in sorted(Path(engine).glob("*.py")):
        text = file.read_text("utf-8")
        asked |= {
            name
            for call in re.findall(
                r"\.(?:read|change|stream_change|_batch|_waited|_on_devices|_list)\(.*?\)",
                text,
                re.DOTALL,
            )
            for name in re.findall(r"lib\.(zt_\w+)", call)
        }
    assert len(asked) > 20
    assert asked <= FORMS.keys()
