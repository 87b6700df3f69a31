"""Rules of properties that a table cannot hold.

They say which strings are valid, and what properties demand of each other. OpenZFS has
them in ``zfs_valid_proplist`` and ``zfs_create`` (lib/libzfs/libzfs_dataset.c),
``zfs_crypto_create`` (libzfs_crypto.c) and lib/libshare/os/linux.
"""

from __future__ import annotations

from contextlib import suppress

from zfstune.values.errors import InvalidProperty
from zfstune.values.frozen import frozen
from zfstune.values.property_table import TABLE
from zfstune.values.size import format_size
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.property_table import Release

__all__ = [
    "UNSAFE",
    "Unsafe",
    "cannot_set",
    "check_block",
    "check_string",
    "check_together",
    "display",
    "is_unsafe",
]

_MIN_BLOCK_BYTES = 512  # SPA_MINBLOCKSIZE
MAX_BLOCK_BYTES = 16 << 20  # SPA_MAXBLOCKSIZE

_MAX_PATH_BYTES = 4095  # MAXPATHLEN, less the NUL
_MAX_STRING_BYTES = 8191  # ZFS_MAXPROPLEN, less the NUL; MAXPATHLEN before 2.3
_MAX_COMPONENT_BYTES = 255  # mountpoint_namecheck (zfs_namecheck.c)

_ENCRYPTION_OFF = TABLE["encryption"].words["off"]
_PASSPHRASE = TABLE["keyformat"].words["passphrase"]
_MAX_ENCRYPTED_COPIES = 2  # the third block pointer holds the IV

_SIZES = frozenset(
    {
        "quota",
        "recordsize",
        "refquota",
        "refreservation",
        "reservation",
        "special_small_blocks",
    }
)


@frozen
class Unsafe:
    """A value that gives up safety, and so needs the user's consent.

    Attributes:
        value: The value.
        doing: Its effect, as in "disable sync".
        loss: The loss that may follow.
        safe: The value to go back to.
    """

    value: str
    doing: str
    loss: str
    safe: str


UNSAFE = {
    "sync": Unsafe(
        "disabled", "disable sync", "a crash loses confirmed writes", "standard"
    ),
    "checksum": Unsafe("off", "turn checksums off", "damaged data is read as sound", "on"),
}


def is_unsafe(name: str, value: str | None) -> bool:
    """Tell whether a canonical value of a property gives up safety."""
    return name in UNSAFE and UNSAFE[name].value == value


def display(name: str, value: str) -> str:
    """Write a value for people, fit for a terminal: ``recordsize`` 8192 is ``8K``."""
    if name in _SIZES:
        with suppress(NumberError):  # the value may come from a note that others wrote
            return format_size(read_whole(value))
    return shown(value)


def check_string(name: str, text: str, release: Release, *, most: int = 0) -> None:
    """Check a string property.

    Args:
        name: The property.
        text: Its value.
        release: The running OpenZFS release.
        most: How many bytes the value may have; 0: as many as the release allows.

    Raises:
        InvalidProperty: The value is too long, holds a NUL, or is not valid for this
            property.
    """
    if "\0" in text:
        raise cannot_set(name, text, "it holds a NUL")
    try:
        length = len(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise cannot_set(name, text, "it holds a lone surrogate") from None
    if not most:
        short = name == "mountpoint" or release < (2, 3)
        most = _MAX_PATH_BYTES if short else _MAX_STRING_BYTES
    if length > most:
        reason = f"its value has {length} bytes, and {most} are allowed"
        raise cannot_set(name, None, reason)
    if name == "mountpoint":
        _check_mountpoint(text)
    elif name == "sharenfs":
        _check_sharenfs(text)
    elif name == "sharesmb" and text not in {"on", "off"}:
        raise cannot_set(name, text, "there is no such value", "use one of on, off")
    elif name == "keylocation":
        _check_keylocation(text)
    elif name == "mlslabel":
        raise cannot_set(name, text, "Linux has no such labels")


def check_together(
    checked: dict[str, int | str],
    *,
    kind: str,
    creating: bool,
    volblocksize: int | None,
    encrypted: bool | None,
) -> None:
    """Check what properties demand of each other, and add values that libzfs would add.

    Args:
        checked: Values that are each valid alone; ``utf8only`` or ``normalization`` is
            added where libzfs adds it.
        kind: ``filesystem``, ``volume`` or ``snapshot``.
        creating: The dataset does not exist yet.
        volblocksize: Block size of the volume in bytes where `checked` has none; None:
            not known.
        encrypted: Whether the existing dataset is encrypted; None: not known.

    Raises:
        InvalidProperty: Two of them contradict each other, or one is missing.
    """
    if kind == "volume":
        _check_volume(checked, creating=creating, volblocksize=volblocksize)
    if creating:
        _check_encryption(checked)
        _couple_normalization(checked)
        encrypted = checked.get("encryption", _ENCRYPTION_OFF) != _ENCRYPTION_OFF
    elif encrypted is not None:
        _check_key_stays(checked.get("keylocation"), encrypted=encrypted)
    if encrypted and int(checked.get("copies", 1)) > _MAX_ENCRYPTED_COPIES:
        raise cannot_set("copies", "3", "an encrypted dataset has room for two copies")


def _check_volume(
    checked: Mapping[str, int | str], *, creating: bool, volblocksize: int | None
) -> None:
    """Check the size of a volume against its blocks (zvol_check_volsize).

    The size of a new volume is rounded up to whole blocks (zfs_do_create() in
    cmd/zfs/zfs_main.c); a size that is set later has to be whole blocks.
    """
    size = checked.get("volsize")
    if size is None and creating:
        raise cannot_set("volsize", None, "a volume needs a size, and none is given")
    if size is None or creating:
        return
    block = int(checked.get("volblocksize", volblocksize or 0))
    if block and int(size) % block:
        reason = f"it is no multiple of the volume's block size, {format_size(block)}"
        raise cannot_set("volsize", str(size), reason)


def _check_encryption(checked: Mapping[str, int | str]) -> None:
    """Check the encryption of a new dataset (zfs_crypto_create)."""
    keyformat = checked.get("keyformat", 0)
    location = checked.get("keylocation")
    located = location not in {None, "none"}
    if checked.get("encryption") == _ENCRYPTION_OFF:
        for name, given in (("keyformat", keyformat), ("keylocation", located)):
            if given:
                raise cannot_set(name, None, "encryption is off")
    if located and not keyformat:
        raise cannot_set("keylocation", None, "a key needs keyformat, and none is given")
    if keyformat and location == "none":
        raise cannot_set("keylocation", "none", "the key needs a location")
    if "pbkdf2iters" in checked and keyformat != _PASSPHRASE:
        raise cannot_set("pbkdf2iters", None, "it is for keyformat=passphrase only")


def _check_key_stays(location: int | str | None, *, encrypted: bool) -> None:
    """Check a new key location for an existing dataset, which stays encrypted or not."""
    if location is None:
        return
    if encrypted and location == "none":
        raise cannot_set(
            "keylocation", "none", "the dataset is encrypted, and its key needs a location"
        )
    if not encrypted and location != "none":
        raise cannot_set(
            "keylocation", str(location), "the dataset is not encrypted, and has no key"
        )


def _couple_normalization(checked: dict[str, int | str]) -> None:
    """Make normalization and utf8only agree, as zfs_valid_proplist does at its end."""
    normal, utf8 = checked.get("normalization"), checked.get("utf8only")
    if normal and utf8 is None:
        checked["utf8only"] = 1
    elif normal and not utf8:
        raise cannot_set("utf8only", "off", "normalization needs utf8only=on")
    elif normal is None and utf8 == 0:
        checked["normalization"] = 0


def _check_mountpoint(text: str) -> None:
    """Check a mountpoint (mountpoint_namecheck in zfs_namecheck.c)."""
    if text in {"none", "legacy"}:
        return
    if not text.startswith("/"):
        reason = "it is no absolute path"
        raise cannot_set("mountpoint", text, reason, "use an absolute path, none or legacy")
    for part in text.split("/"):
        length = len(part.encode("utf-8", "surrogateescape"))
        if length > _MAX_COMPONENT_BYTES:
            reason = (
                f"a part of it has {length} bytes, and {_MAX_COMPONENT_BYTES} are allowed"
            )
            raise cannot_set("mountpoint", text, reason)


def _check_sharenfs(text: str) -> None:
    """Check NFS options; an empty host would serve the whole world."""
    from zfstune.values.share_options import (  # noqa: PLC0415 (few share anything)
        parse_share,
    )

    parse_share(text, verb="set", error=InvalidProperty)


def _check_keylocation(text: str) -> None:
    """Check a key location (zfs_prop_valid_keylocation in zfs_prop.c)."""
    if text in {"none", "prompt"}:
        return
    for scheme in ("file:///", "https://", "http://"):
        if text.startswith(scheme) and text != scheme:
            return
    hint = "use one of none, prompt, file:///PATH, https://URL, http://URL"
    raise cannot_set("keylocation", text, "it is no location of a key", hint)


def check_block(name: str, text: str, raw: int, most: int) -> None:
    """Check a block size: a power of two that this release takes."""
    if raw < _MIN_BLOCK_BYTES or raw & (raw - 1):
        reason = f"it must be a power of two, {_MIN_BLOCK_BYTES} or more"
        below = 1 << (max(raw, _MIN_BLOCK_BYTES).bit_length() - 1)
        hint = f"write {name}={format_size(min(below, MAX_BLOCK_BYTES))}"
        raise cannot_set(name, text, reason, hint)
    if raw > min(most, MAX_BLOCK_BYTES):
        hint = ""
        if raw <= MAX_BLOCK_BYTES and name == "recordsize":
            hint = "the module parameter zfs_max_recordsize sets that limit"
        most = min(most, MAX_BLOCK_BYTES)
        raise cannot_set(name, text, f"the largest value here is {format_size(most)}", hint)


def cannot_set(name: str, text: str | None, reason: str, hint: str = "") -> InvalidProperty:
    """Build the error for a property that cannot be set."""
    setting = name if text is None else f"{name}={text}"
    return InvalidProperty(f"cannot set '{shown(setting)}': {reason}", hint=hint)
