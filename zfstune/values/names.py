"""The names that OpenZFS allows, and the parts of a name.

The rules are those of ``module/zcommon/zfs_namecheck.c`` (the same from OpenZFS
2.1 to 2.4), which the kernel and libzfs share; each is cited where it is applied.
Some bind new names alone, and are checked with ``creating=True``: existing names
(``tank/db/%recv`` after an interrupted receive) must stay reachable.

The checks are never laxer than OpenZFS's, and stricter where it forgets a case: the
first component must be a valid pool name, and ``.`` and ``..`` are refused before ``@``
too.
"""

from __future__ import annotations

from functools import lru_cache

from zfstune.values.errors import InvalidName
from zfstune.values.text import shown

__all__ = [
    "MAX_NAME_BYTES",
    "MAX_NESTING",
    "ancestors_of",
    "check_bookmark",
    "check_component",
    "check_dataset",
    "check_hold_tag",
    "check_pool",
    "check_snapshot",
    "default_root",
    "parent_of",
    "pool_of",
]

# ZFS_MAX_DATASET_NAME_LEN is 256 with the NUL (include/sys/fs/zfs.h); MAXNAMELEN is
# the same number.
MAX_NAME_BYTES = 255

# pool_namecheck leaves room for "/$ORIGIN@$ORIGIN" behind the name, NUL included.
_MAX_POOL_BYTES = MAX_NAME_BYTES - 2 - 2 * len("$ORIGIN")

# zfs_max_dataset_nesting is 50, and dataset_nestcheck wants fewer slashes than that.
MAX_NESTING = 49

# valid_char() of zfs_namecheck.c; entity_namecheck alone also lets '%' pass.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_PERMITTED = _LETTERS | frozenset("0123456789-_.: ")
_PERMITTED_EXISTING = _PERMITTED | {"%"}
_PERMITTED_HINT = "letters, digits and the characters - _ . : and space are allowed"

_DELIMITER_HINTS = {
    "@": "'@' begins the name of a snapshot",
    "#": "'#' begins the name of a bookmark",
    "/": "'/' separates a dataset from its parent",
}

# pool_namecheck refuses these names, always.
_RESERVED_POOLS = frozenset({"mirror", "raidz", "draid"})
# zpool_name_valid (libzfs_pool.c) refuses these when a pool is made or imported.
_RESERVED_POOL_PREFIXES = ("mirror", "raidz", "draid", "spare")


def check_pool(name: str, *, creating: bool = False) -> str:
    """Check the name of a pool.

    Args:
        name: Name as the user or the kernel gave it.
        creating: Also refuse the names that are forbidden for new pools alone.

    Returns:
        The name itself, as all these checks do.

    Raises:
        InvalidName: It breaks a rule of ``pool_namecheck``, or of libzfs's
            ``zpool_name_valid`` where `creating`.
    """
    role = "a pool name"
    _check_text(name, role)
    fault, hint = _pool_fault(name)
    if fault:
        raise _refuse(name, role, fault, hint=hint)
    if creating and (name == "log" or name.startswith(_RESERVED_POOL_PREFIXES)):
        raise _refuse(name, role, "ZFS reserves names that begin like a kind of vdev")
    return name


def check_dataset(name: str, *, creating: bool = False) -> str:
    """Check the name of a filesystem or volume, its pool included.

    Args:
        name: Full name, ``pool`` or ``pool/path``.
        creating: Also refuse the names that are forbidden for new datasets alone:
            those with ``%`` (libzfs_dataset.c, ``zfs_validate_name``) and those with
            more than :data:`MAX_NESTING` slashes (``dataset_nestcheck``).

    Raises:
        InvalidName: It breaks a rule of ``entity_namecheck``, or its first
            component could not be a pool.
    """
    return _check_path(name, name, "a dataset name", creating=creating)


def check_snapshot(name: str, *, creating: bool = False) -> str:
    """Check the full name of a snapshot, ``dataset@snapshot``.

    Args:
        name: Full name.
        creating: As for :func:`check_dataset`.

    Raises:
        InvalidName: It breaks a rule of ``snapshot_namecheck``.
    """
    return _check_delimited(name, "@", "a snapshot name", creating=creating)


def check_bookmark(name: str, *, creating: bool = False) -> str:
    """Check the full name of a bookmark, ``dataset#bookmark``.

    The arguments are those of :func:`check_snapshot`.

    Raises:
        InvalidName: It breaks a rule of ``bookmark_namecheck``.
    """
    return _check_delimited(name, "#", "a bookmark name", creating=creating)


def check_component(name: str) -> str:
    """Check one part of a name: a component between slashes, or the part behind ``@``.

    Args:
        name: The part alone, as in ``zfs snapshot -r tank@PART``.

    Raises:
        InvalidName: It breaks a rule of ``zfs_component_namecheck``, or is ``.``
            or ``..``, which no component of a full name may be.
    """
    role = "part of a name"
    _check_text(name, role)
    if len(name) > MAX_NAME_BYTES:
        raise _too_long(name, role, MAX_NAME_BYTES)
    _check_part(name, role, 0, name, _PERMITTED)
    return name


def check_hold_tag(tag: str, *, creating: bool = False) -> str:
    """Check the tag of a hold.

    Args:
        tag: Any text; ZFS sets no rule on its characters.
        creating: Also refuse a leading period: ``zfs hold`` keeps such tags for
            libzfs, which sets them while it sends (cmd/zfs/zfs_main.c), though
            ``zfs release`` takes them.

    Raises:
        InvalidName: It is empty (``zfs_ioc_hold``), holds a NUL, or is longer than
            a ZAP key may be (``dsl_dataset_user_hold_check_one`` lets 256 bytes
            pass, which the ZAP then refuses).
    """
    role = "a hold tag"
    _check_text(tag, role)
    if not tag:
        raise _refuse(tag, role, "it is empty")
    if "\0" in tag:
        raise _refuse(tag, role, "it holds a NUL")
    try:
        length = len(tag.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise _refuse(tag, role, "it holds a lone surrogate") from None
    if length > MAX_NAME_BYTES:
        raise _too_long(tag, role, MAX_NAME_BYTES, length)
    if creating and tag.startswith("."):
        raise _refuse(tag, role, "ZFS keeps tags that begin with '.' for itself")
    return tag


def pool_of(name: str) -> str:
    """Return the pool of a dataset, snapshot or bookmark; the name is not checked."""
    return _dataset_of(name).partition("/")[0]


def parent_of(name: str) -> str | None:
    """Return the parent of a name, or None for a pool; the name is not checked.

    The parent of a snapshot or bookmark is its dataset.
    """
    dataset = _dataset_of(name)
    if dataset != name:
        return dataset
    return name.rpartition("/")[0] or None


def ancestors_of(name: str) -> tuple[str, ...]:
    """Return the parent of a name, its parent and so on, the pool first."""
    ancestors: list[str] = []
    parent = parent_of(name)
    while parent is not None:
        ancestors.append(parent)
        parent = parent_of(parent)
    return tuple(reversed(ancestors))


def default_root(pool: str) -> str:
    """Return the dataset that profiles are applied below where no root is given."""
    return f"{pool}/data"


def _dataset_of(name: str) -> str:
    """Return a name without the part of its snapshot or bookmark."""
    return name.partition("@")[0].partition("#")[0]


def _check_delimited(name: str, delimiter: str, role: str, *, creating: bool) -> str:
    """Check a name with one ``@`` or one ``#`` in it."""
    _check_text(name, role)
    if len(name) > MAX_NAME_BYTES:
        raise _too_long(name, role, MAX_NAME_BYTES)
    dataset, delimited, short = name.partition(delimiter)
    if not delimited:
        hint = f"as in '{shown(name)}{delimiter}monday'" if name else ""
        raise _refuse(name, role, f"it has no '{delimiter}'", hint=hint)
    if not _is_sound(dataset, creating=creating):
        _check_path(name, dataset, role, creating=creating)
    for other in "@#":
        # NAME_ERR_MULTIPLE_DELIMITERS
        if other in short:
            reason = f"a second delimiter, '{other}', follows '{delimiter}'"
            raise _refuse(name, role, reason)
    if "/" in short:
        # NAME_ERR_TRAILING_SLASH
        raise _refuse(name, role, f"a slash follows '{delimiter}'")
    permitted = _PERMITTED if creating else _PERMITTED_EXISTING
    _check_part(short, role, len(dataset) + 1, name, permitted)
    return name


@lru_cache(maxsize=1024)
def _is_sound(path: str, *, creating: bool) -> bool:
    """Tell whether a dataset part passes its checks; many snapshots share one."""
    try:
        _check_path(path, path, "", creating=creating)
    except InvalidName:
        return False
    return True


def _check_path(name: str, path: str, role: str, *, creating: bool) -> str:
    """Check the dataset part `path` of `name`, in the order of entity_namecheck."""
    _check_text(name, role)
    if len(name) > MAX_NAME_BYTES:
        raise _too_long(name, role, MAX_NAME_BYTES)
    if not path:
        raise _refuse(name, role, "the dataset is missing" if name else "it is empty")
    if path.startswith("/"):
        hint = "the name of a dataset begins with its pool, not with a slash"
        raise _refuse(name, role, "it begins with a slash", hint=hint)
    if path.endswith("/"):
        raise _refuse(name, role, "it ends with a slash")
    permitted = _PERMITTED if creating else _PERMITTED_EXISTING
    offset = 0
    for part in path.split("/"):
        _check_part(part, role, offset, name, permitted)
        offset += len(part) + 1
    # entity_namecheck does not look at this, but no such pool can exist.
    fault, hint = _pool_fault(path.partition("/")[0])
    if fault:
        raise _refuse(name, role, f"its first part cannot be a pool: {fault}", hint=hint)
    if creating and path.count("/") > MAX_NESTING:
        levels = path.count("/")
        reason = f"it is {levels} levels below its pool, and {MAX_NESTING} are allowed"
        raise _refuse(name, role, reason)
    return name


def _check_part(
    part: str, role: str, offset: int, name: str, permitted: frozenset[str]
) -> None:
    """Check one component, which begins at `offset` of `name`."""
    if not part:
        place = f" after '{shown(name[:offset])}'" if offset else ""
        raise _refuse(name, role, f"it has an empty part{place}")
    _check_characters(part, role, offset, name, permitted)
    if part in {".", ".."}:
        # NAME_ERR_SELF_REF, NAME_ERR_PARENT_REF
        raise _refuse(name, role, f"'{part}' cannot be a part of a name")


def _check_characters(
    part: str, role: str, offset: int, name: str, permitted: frozenset[str]
) -> None:
    """Refuse the first character that is not `permitted`."""
    fault, hint = _character_fault(part, offset, permitted)
    if fault:
        raise _refuse(name, role, fault, hint=hint)


def _character_fault(part: str, offset: int, permitted: frozenset[str]) -> tuple[str, str]:
    """Name the first character that is not `permitted`, with a hint; both may be empty."""
    if permitted.issuperset(part):
        return "", ""
    index = next(i for i, character in enumerate(part) if character not in permitted)
    wrong = part[index]
    fault = f"character '{shown(wrong)}' at position {offset + index + 1} is not allowed"
    return fault, _DELIMITER_HINTS.get(wrong, _PERMITTED_HINT)


def _pool_fault(name: str) -> tuple[str, str]:
    """Name the rule of pool_namecheck that is broken, with a hint; both may be empty."""
    if not name:
        return "it is empty", ""
    if len(name) > _MAX_POOL_BYTES:
        return f"it has {len(name)} bytes, and {_MAX_POOL_BYTES} are allowed", ""
    fault, hint = _character_fault(name, 0, _PERMITTED)
    if not fault and name[0] not in _LETTERS:
        fault = f"it begins with '{name[0]}', not with a letter"
    if not fault and name in _RESERVED_POOLS:
        fault = "ZFS reserves that word for a kind of vdev"
    return fault, hint


def _check_text(name: object, role: str) -> None:
    """Refuse bytes, None and other values that are no text."""
    if not isinstance(name, str):
        kind = type(name).__name__
        message = f"cannot use a value of type {kind} as {role}: names are text"
        raise InvalidName(message)


def _too_long(name: str, role: str, most: int, length: int | None = None) -> InvalidName:
    """Build the error for a name of too many bytes."""
    # Only ASCII gets past the checks, where characters are bytes.
    length = len(name) if length is None else length
    return _refuse(name, role, f"it has {length} bytes, and {most} are allowed")


def _refuse(name: str, role: str, reason: str, *, hint: str = "") -> InvalidName:
    """Build the error for a name that breaks a rule."""
    return InvalidName(f"cannot use '{shown(name)}' as {role}: {reason}", hint=hint)
