"""The hints that name what root could delegate."""

from __future__ import annotations

import pytest

from zfstune.values.permissions import delegation_hint


@pytest.mark.parametrize(
    ("operation", "target", "properties", "granted"),
    [
        ("send", "tank/a@1", "", "send tank/a"),
        ("compare", "tank/a@1", "", "diff tank/a"),
        ("destroy bookmark", "tank/a#1", "", "destroy tank/a"),
        ("rename", "tank/a/b", "", "create,rename,mount tank/a"),
        ("rename", "tank/a@1", "", "create,rename,mount tank/a"),
        ("create", "tank", "", "create,mount tank"),
        ("set", "tank/a", "exec,readonly", "exec,readonly tank/a"),
        ("set", "tank/a", "org.x:y,a:b", "userprop tank/a"),
        ("create", "tank/a b", "atime", "create,mount,atime tank"),
        ("send", "tank/a b@1", "", "send 'tank/a b'"),
    ],
)
def test_what_is_granted(
    operation: str, target: str, properties: str, granted: str
) -> None:
    """The command grants what the operation takes, on the dataset where it is asked for."""
    hint = delegation_hint(operation, target, properties)
    assert hint == f"run as root, or let root run `zfs allow USER {granted}`"


def test_what_nobody_can_grant() -> None:
    """An operation without a permission of its own takes root."""
    assert delegation_hint("import", "tank") == "run as root"
