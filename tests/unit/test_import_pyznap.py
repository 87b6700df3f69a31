"""pyznap's configuration: what is imported keeps what pyznap's own code keeps."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from types import ModuleType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from zfstune.errors import PolicyError
from zfstune.imports import convert
from zfstune.policy import Last
from zfstune.retention import decide
from zfstune.state import Snapshot

PYZNAP = """
[tank]
hourly = 2
daily = 1
clean = no
[tank/a]
clean = yes
hourly = 3
"""


def pyznap_module(name: str) -> Any:
    """Import one of pyznap's modules."""
    # Gone from setuptools since; pyznap copies its configuration with it.
    removed = ModuleType("pkg_resources")
    vars(removed)["resource_string"] = None
    sys.modules.setdefault("pkg_resources", removed)
    return import_module(f"pyznap.{name}")


class _Named:
    def __init__(self, short: str, gone: list[str]) -> None:
        self.name = f"tank/a@{short}"
        self._gone = gone

    def destroy(self) -> None:
        """Note who would be destroyed."""
        self._gone.append(self.name.partition("@")[2])


class _Filesystem:
    def __init__(self, shorts: list[str]) -> None:
        self.name = "tank/a"
        self.gone: list[str] = []
        self._shorts = shorts

    def snapshots(self) -> list[_Named]:
        """Give all, oldest first."""
        return [_Named(short, self.gone) for short in self._shorts]


_shorts = st.lists(
    st.builds(
        "{}_{}_{}".format,
        st.sampled_from(["pyznap", "autosnap", "other"]),
        st.integers(0, 99),
        st.sampled_from(["hourly", "daily", "weekly", "frequent", "unknown"]),
    ),
    unique=True,
    max_size=20,
)


@given(_shorts)
def test_pyznap_itself(shorts: list[str]) -> None:
    """The newest N of each kind, by pyznap's own function; a child has its parent's."""
    [one] = convert("pyznap", PYZNAP).policies
    assert one.dataset == "tank/a"
    pyznap_module("utils")  # first, or pyznap's modules import in a circle
    filesystem: Any = _Filesystem(shorts)
    counts = dict.fromkeys(("frequent", "weekly", "monthly", "yearly"), 0)
    clean = pyznap_module("clean").clean_filesystem
    clean(filesystem, counts | {"hourly": 3, "daily": 1})
    listing = [Snapshot(f"tank/a@{short}", txg, txg) for txg, short in enumerate(shorts)]
    gone = {d.snapshot.short_name for d in decide(listing, one.policy) if not d.keep}
    assert gone == set(filesystem.gone)


_KINDS = ("frequent", "hourly", "daily", "weekly", "monthly", "yearly")
_sections = st.dictionaries(
    st.sampled_from(["tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/z"]),
    st.fixed_dictionaries(
        {},
        optional={
            "clean": st.sampled_from(["yes", "no", "Yes", "true", ""]),
            **dict.fromkeys(_KINDS[1:3], st.integers(0, 9).map(str)),
        },
    ),
    min_size=1,
)


@given(_sections)
def test_sections_by_pyznap_itself(sections: dict[str, dict[str, str]]) -> None:
    """What a section has of those above it, whatever their order, as pyznap reads it."""
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in said.items())
        for name, said in sections.items()
    )
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        read = pyznap_module("utils").read_config(file.name)
    theirs = {
        each["name"]: [each[kind] or 0 for kind in _KINDS] for each in read if each["clean"]
    }
    try:
        found = convert("pyznap", text).policies
    except PolicyError:
        assert not theirs
        return
    ours = {}
    for one in found:
        rules = [rule for group in one.policy.groups for rule in group.rules]
        ours[one.dataset] = [rule.count for rule in rules if isinstance(rule, Last)]
    assert ours == theirs
