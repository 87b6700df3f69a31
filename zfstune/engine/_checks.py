"""Checks that are made before ZFS is asked, and that need more than one value."""

from __future__ import annotations

import errno

from zfstune.engine._errno import WRONG_PARENT, engine_error
from zfstune.values import names
from zfstune.values.errors import InvalidName, InvalidProperty, NotFound
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Limits

__all__ = [
    "check_below_pool",
    "check_clone_parent",
    "check_inheritable",
    "check_name",
    "check_promotion",
    "check_properties",
]


_NEVER_RECEIVED = frozenset({"version", "volsize"})


def check_name(name: str) -> str:
    """Check the name of a dataset or snapshot."""
    return names.check_snapshot(name) if "@" in name else names.check_dataset(name)


def check_below_pool(verb: str, name: str, *, creating: bool = False) -> str:
    """Check the name of a dataset that is not the pool's own."""
    names.check_dataset(name, creating=creating)
    if "/" not in name:
        hint = "see `zpool create`, `zpool destroy` and `zpool import`"
        raise InvalidName(f"cannot {verb} '{name}': it is a pool", hint=hint)
    return name


def check_clone_parent(engine: Engine, name: str) -> None:
    """Refuse a clone below a volume, which the kernel would make (dsl_dataset.c)."""
    try:
        parent = engine.dataset(names.parent_of(name) or name)
    except NotFound:
        raise engine_error("clone", name, errno.ENOENT) from None
    if parent.kind != "filesystem":
        raise engine_error("clone", name, WRONG_PARENT)


def check_promotion(engine: Engine, name: str) -> None:
    """Refuse a promotion that would panic the kernel.

    A clone takes over the bookmarks that are no younger than its origin. The kernel
    looks in the wrong dataset for a bookmark of the same name, and panics when it finds
    one later (dsl_dataset_promote_check in module/zfs/dsl_dataset.c, and
    dsl_bookmark_node_add; 2.1.0 to 2.4.4).
    """
    try:
        origin = engine.dataset(name).value("origin")
        own = engine.bookmarks(name) if origin else {}
    except NotFound:
        return  # the kernel reports it
    if not origin or not own:
        return
    origin_dataset = origin.partition("@")[0]
    origin_createtxg = engine.snapshot(origin).createtxg
    for bookmark in engine.bookmarks(origin_dataset).values():
        short = bookmark.name[len(origin_dataset) :]
        if bookmark.createtxg <= origin_createtxg and name + short in own:
            raise engine_error("promote", name, errno.EEXIST, detail=short)


def check_properties(
    wanted: Mapping[str, str],
    *,
    kind: str,
    creating: bool,
    limits: Limits,
    volblocksize: int | None = None,
    encrypted: bool | None = None,
) -> dict[str, int | str]:
    """Check properties as :func:`zfstune.values.properties.check` does."""
    from zfstune.values.properties import (  # noqa: PLC0415 (its tables take milliseconds, and only a change needs them)
        check,
    )

    return check(
        wanted,
        kind=kind,
        creating=creating,
        limits=limits,
        volblocksize=volblocksize,
        encrypted=encrypted,
    )


def check_inheritable(name: str, *, received: bool) -> None:
    """Refuse to inherit a property that is never inherited.

    Args:
        name: The property.
        received: Whether the value that a stream brought shall count again, which can be
            said of quotas and the like, too (zfs_do_inherit() in cmd/zfs/zfs_main.c).
    """
    from zfstune.values.properties import find, is_user  # noqa: PLC0415 (the same tables)

    prop = find(name)
    settable = prop is not None and not prop.create_only and not prop.readonly
    may_be_received = received and settable and name not in _NEVER_RECEIVED
    if is_user(name) or may_be_received or (prop and prop.inheritable and settable):
        return
    reason = "this property is never inherited" if prop else "there is no such property"
    raise InvalidProperty(f"cannot inherit '{shown(name)}': {reason}")
