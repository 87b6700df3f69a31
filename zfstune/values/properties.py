"""The checks of properties: which may be set, on which kind of dataset, to which value.

libzfs makes most of these checks in ``zfs_valid_proplist`` (lib/libzfs/libzfs_dataset.c)
and ``zprop_parse_value`` (libzfs_util.c); the kernel relies on its callers for them and
would store a senseless value. zfstune talks to the kernel, so it checks here. The limits
of the running release are passed in as :class:`Limits`.

libzfs and zfstune differ on purpose in these points:

- ``none`` is 0 for quotas and reservations alone; libzfs takes it for any number.
- Sizes are never rounded (:mod:`zfstune.values.size`), except for the size of a new
  volume, which is rounded up to whole blocks as ``zfs create -V`` does.
- ``xattr`` reads as ``sa`` or ``dir``, never ``on``, whose meaning changed in 2.3.
- The short column names (``recsize``) are not taken for names.
"""

from __future__ import annotations

from zfstune.values.errors import InvalidProperty
from zfstune.values.property_rules import (
    MAX_BLOCK_BYTES,
    cannot_set,
    check_block,
    check_string,
    check_together,
)
from zfstune.values.property_table import INDEX, NUMBER, TABLE, Property
from zfstune.values.size import MAX_SIZE, SizeError, format_size, read_size
from zfstune.values.state import Limits
from zfstune.values.text import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.property_table import Release

__all__ = [
    "AUTO_RESERVATION",
    "DEFAULT_LIMITS",
    "TABLE",
    "Limits",
    "Property",
    "canonical",
    "check",
    "default_of",
    "feature_for",
    "find",
    "fits",
    "is_user",
    "known",
    "settable",
    "to_text",
]

# As in libzfs, this number stands for refreservation=auto until the real size has been
# computed (zfs_fix_auto_resv), which is left to the caller.
AUTO_RESERVATION = MAX_SIZE

_NO_LIMIT = MAX_SIZE

# include/sys/fs/zfs.h and include/sys/spa.h
_MAX_USER_NAME_BYTES = 255  # ZAP_MAXNAMELEN, less the NUL
_MAX_USER_VALUE_BYTES = 8191  # ZAP_MAXVALUELEN, less the NUL
_OLD_MAX_BLOCK_BYTES = 128 << 10  # SPA_OLD_MAXBLOCKSIZE: more takes large_blocks
_MIN_PBKDF2_ITERATIONS = 100_000

# The characters that zprop_valid_char allows (module/zcommon/zprop_common.c).
_USER_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.:")

_SPACE_LIMITS = frozenset({"quota", "refquota", "reservation", "refreservation"})
_NEVER_ZERO = frozenset({"quota", "refquota"})
_COUNTS = frozenset(
    {"filesystem_limit", "snapshot_limit", "filesystem_count", "snapshot_count"}
)
_RATIOS = frozenset({"compressratio", "refcompressratio"})
_KINDS = frozenset({"filesystem", "volume", "snapshot"})
# The beginnings of zfs_userquota_prop_prefixes (zfs_prop.c).
_ACCOUNTS = ("user", "group", "project")


DEFAULT_LIMITS = Limits()


def find(name: str) -> Property | None:
    """Return the table's entry of a native property, or None."""
    return TABLE.get(name)


def known(name: str) -> Property:
    """Return the table's entry of a native property.

    Raises:
        InvalidProperty: There is none of that name; the hint suggests one.
    """
    prop = TABLE.get(name)
    if prop is not None:
        return prop
    head, at_sign, _ = name.partition("@")
    if at_sign and head == "written":
        raise cannot_set(name, None, "ZFS alone sets it")
    if at_sign and head.startswith(_ACCOUNTS):
        reason = "zfstune does not handle quotas of single users, groups and projects"
        raise cannot_set(name, None, reason, "set them with `zfs set`")
    if ":" in name:
        wrong = next(c for c in name if c not in _USER_CHARACTERS)
        hint = "lowercase letters, digits and the characters - _ . : are allowed"
        reason = f"'{shown(wrong)}' is not allowed in the name of a user property"
        raise cannot_set(name, None, reason, hint)
    names = [prop.name for prop in TABLE.values() if not (prop.readonly or prop.hidden)]
    hint = did_you_mean(name, names) or "the name of a user property has a ':' in it"
    raise cannot_set(name, None, "there is no such property", hint)


def is_user(name: str) -> bool:
    """Tell whether `name` has the form of a user property (``zfs_prop_user``)."""
    return ":" in name and _USER_CHARACTERS.issuperset(name)


def fits(name: str, kind: str) -> bool:
    """Tell whether a kind of dataset has a property; an unknown name fits all kinds."""
    prop = TABLE.get(name)
    return prop is None or kind in prop.kinds


def check(
    properties: Mapping[str, str],
    *,
    kind: str,
    creating: bool,
    limits: Limits = DEFAULT_LIMITS,
    volblocksize: int | None = None,
    encrypted: bool | None = None,
) -> dict[str, int | str]:
    """Check properties before they are set, as libzfs would.

    Args:
        properties: Name to text, as on the command line: ``8K``, ``lz4``, ``none``.
        kind: ``filesystem``, ``volume`` or ``snapshot``.
        creating: The dataset does not exist yet. False for a clone, whose create-only
            properties are those of its origin.
        limits: The limits of the running release.
        volblocksize: Block size in bytes of the existing volume; None: not known.
        encrypted: Whether the existing dataset is encrypted; None: not known.

    Returns:
        Name to value as the kernel takes it: numbers and indexes as int, the rest as
        str. ``utf8only`` or ``normalization`` may be added, since libzfs couples the
        two. The caller has to replace :data:`AUTO_RESERVATION`.

    Raises:
        InvalidProperty: A property is unknown, not for this kind or release, not
            settable, or has an invalid value.
    """
    if kind not in _KINDS:
        message = f"cannot check properties of a '{kind}': there is no such kind"
        raise ValueError(message)
    checked: dict[str, int | str] = {}
    for name, value in properties.items():
        text = _as_text(name, value)
        if is_user(name):
            checked[name] = _check_user(name, text)
            continue
        prop = _settable(name, kind=kind, creating=creating, limits=limits)
        checked[name] = raw = _parse(prop, text, limits)
        if isinstance(raw, str):
            check_string(name, raw, limits.release)
        elif raw == AUTO_RESERVATION and name == "refreservation" and kind != "volume":
            raise cannot_set(name, text, f"auto is for volumes, and this is a {kind}")
        else:
            _check_number(prop, text, raw, limits)
    if volblocksize is None and creating:
        volblocksize = int(default_of("volblocksize", limits.release))
    check_together(
        checked,
        kind=kind,
        creating=creating,
        volblocksize=volblocksize,
        encrypted=encrypted,
    )
    return checked


def canonical(name: str, text: str, *, limits: Limits = DEFAULT_LIMITS) -> str:
    """Write a value in the one form that ZFS prints.

    Args:
        name: A native or user property.
        text: Its value, as in ``8K``, ``none`` or ``gzip-6``.
        limits: The limits of the running release.

    Returns:
        Text as `zfs get -p` prints it: ``8192``, ``0``, ``gzip``. The text of a
        read-only property is returned unchanged.

    Raises:
        InvalidProperty: The property is unknown, or the value is not valid for it.
    """
    text = _as_text(name, text)
    if is_user(name):
        return text
    prop = known(name)
    return text if prop.readonly else to_text(name, _parse(prop, text, limits))


def settable(values: Mapping[str, str]) -> dict[str, str]:
    """Write canonical values as they may be set: no quota is ``none``, not ``0``."""
    return {
        name: "none" if name in _NEVER_ZERO and value == "0" else value
        for name, value in values.items()
    }


def to_text(name: str, raw: int | str) -> str:
    """Write a value of the kernel as text.

    Args:
        name: The property, which may be unknown to this version.
        raw: A number or text.

    Returns:
        Text as `zfs get -p` prints it; digits for a number without a known word.
    """
    if isinstance(raw, str):
        return raw
    prop = TABLE.get(name)
    if prop is not None and prop.type == INDEX:
        return prop.texts.get(raw) or str(raw)
    if raw == _NO_LIMIT and name in _COUNTS:
        return "none"
    if raw == AUTO_RESERVATION and name == "refreservation":
        return "auto"
    if name in _RATIOS:
        return f"{raw // 100}.{raw % 100:02}"
    return str(raw)


def default_of(name: str, release: Release = DEFAULT_LIMITS.release) -> str:
    """Return the default of a native property.

    Args:
        name: A native property.
        release: The OpenZFS release.

    Returns:
        Text as `zfs get -p` prints it; empty for a read-only property.

    Raises:
        InvalidProperty: There is no such property.
    """
    prop = known(name)
    if prop.former_default is not None and release < prop.former_default[0]:
        return prop.former_default[1]
    return prop.default


def feature_for(name: str, text: str) -> str | None:
    """Return the pool feature that a value needs.

    Args:
        name: A native or user property.
        text: Its value.

    Returns:
        The feature's short name, as in ``zstd_compress``, or None.

    Raises:
        InvalidProperty: The property is unknown, or the value is not valid for it.
    """
    if is_user(name):
        return None
    prop = known(name)
    text = _as_text(name, text)
    raw = _parse(prop, text, DEFAULT_LIMITS)
    if name in {"recordsize", "volblocksize"}:
        return "large_blocks" if int(raw) > _OLD_MAX_BLOCK_BYTES else None
    if name in {"filesystem_limit", "snapshot_limit"}:
        return "filesystem_limits" if raw != _NO_LIMIT else None
    return prop.features.get(text)


def _settable(name: str, *, kind: str, creating: bool, limits: Limits) -> Property:
    """Return the property, or refuse one that cannot be set on this kind of dataset."""
    if kind == "snapshot":
        hint = "snapshots take user properties, which have a ':' in their name"
        raise cannot_set(name, None, "a snapshot's native properties are fixed", hint)
    prop = known(name)
    if prop.readonly or prop.hidden:
        raise cannot_set(name, None, "ZFS alone sets it")
    if limits.release < prop.since:
        raise cannot_set(name, None, f"it needs OpenZFS {_dotted(prop.since)} or later")
    # special_small_blocks came to volumes in 2.4.
    late = name == "special_small_blocks" and kind == "volume" and limits.release < (2, 4)
    if kind not in prop.kinds or late:
        raise cannot_set(name, None, f"a {kind} has no such property")
    if prop.create_only and not creating:
        raise cannot_set(name, None, "it can be set only at creation")
    return prop


def _as_text(name: str, value: object) -> str:
    """Return a value as text; an int becomes its digits, other types are refused."""
    if not isinstance(name, str):
        message = f"cannot set {name!r}: property names are text"  # type: ignore[unreachable]
        raise InvalidProperty(message)
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        # Python refuses to print more than 4,300 digits.
        return str(value) if abs(value) <= MAX_SIZE else str(MAX_SIZE + 1)
    hint = "use 'on' or 'off'" if isinstance(value, bool) else ""
    raise cannot_set(
        name, None, f"a value of type {type(value).__name__} is not text", hint
    )


def _parse(prop: Property, text: str, limits: Limits) -> int | str:
    """Turn text into the value that the kernel stores."""
    if prop.type == INDEX:
        return _parse_word(prop, text, limits)
    if prop.type != NUMBER:
        return text
    name = prop.name
    if text == "none" and name in _COUNTS:
        return _NO_LIMIT
    if text == "none" and (name in _SPACE_LIMITS or name.startswith("default")):
        return 0
    if text == "auto" and name == "refreservation":
        return AUTO_RESERVATION
    try:
        return read_size(text)
    except SizeError as error:
        raise cannot_set(name, text, error.reason, error.hint) from None


def _parse_word(prop: Property, text: str, limits: Limits) -> int:
    """Turn the word of an index into its number."""
    if prop.name == "xattr" and text == "on" and limits.release < (2, 3):
        return prop.words["dir"]
    since = prop.words_since.get(text, (0,))
    if text in prop.words and limits.release >= since:
        return prop.words[text]
    if text in prop.words:
        raise cannot_set(prop.name, text, f"it needs OpenZFS {_dotted(since)} or later")
    hint = did_you_mean(text, prop.words, f"use one of {_listed(prop)}")
    raise cannot_set(prop.name, text, "there is no such value", hint)


def _listed(prop: Property) -> str:
    """List the words of an index, with the levels of compression abbreviated."""
    words = [word for word in prop.words if not word.startswith(("gzip-", "zstd-"))]
    if prop.name == "compression":
        words += ["gzip-1 to gzip-9", "zstd-1 to zstd-19", "zstd-fast-1 to zstd-fast-1000"]
    return ", ".join(words)


def _check_user(name: str, text: str) -> str:
    """Check a user property (zfs_check_userprops in module/zfs/zfs_ioctl.c)."""
    if len(name) > _MAX_USER_NAME_BYTES:
        reason = f"its name has {len(name)} bytes, and {_MAX_USER_NAME_BYTES} are allowed"
        raise cannot_set(name, None, reason)
    check_string(name, text, (0,), most=_MAX_USER_VALUE_BYTES)
    return text


def _check_number(prop: Property, text: str, raw: int, limits: Limits) -> None:
    """Check the range of a number."""
    name = prop.name
    if name == "recordsize":
        check_block(name, text, raw, limits.max_recordsize_bytes)
    elif name == "volblocksize":
        check_block(name, text, raw, limits.max_volblocksize_bytes)
    elif name == "special_small_blocks" and raw and limits.release < (2, 4):
        # Before 2.4 it has to be a power of two.
        check_block(name, text, raw, limits.max_recordsize_bytes)
    elif name == "special_small_blocks" and raw > MAX_BLOCK_BYTES:
        raise cannot_set(name, text, f"the largest value is {format_size(MAX_BLOCK_BYTES)}")
    elif name == "volsize" and not raw:
        raise cannot_set(name, text, "a volume cannot have size zero")
    elif name in _NEVER_ZERO and not raw and text != "none":
        raise cannot_set(name, text, "zero is no limit", f"use {name}=none for no limit")
    elif name == "pbkdf2iters" and raw < _MIN_PBKDF2_ITERATIONS:
        raise cannot_set(name, text, f"the smallest value is {_MIN_PBKDF2_ITERATIONS}")


def _dotted(release: Release) -> str:
    """Write a release with dots, as in 2.2."""
    return ".".join(map(str, release))
