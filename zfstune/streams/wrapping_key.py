"""The key that a raw stream brings along, and copies that it would close for good.

Each dataset with encryption has a key of its own, which is stored wrapped by the key of
its encryption root. A raw stream has it as the sender's root wraps it, and the receive
stores it so. Where the copy was made to use the key of a dataset above it (``zfs
change-key -i``), nothing can unwrap it any more: the data is there, and cannot be read
once the key has been unloaded (dsl_crypto_recv_raw_key_sync() in
module/zfs/dsl_crypt.c; issue 12614 of OpenZFS, open in all releases up to 2.4).

The key of a passphrase is made with a random number, its salt, which comes along with a
raw stream: two datasets that have the same are opened by one key. A key from a file has
none, and there the encryption roots have to be a raw pair.
"""

from __future__ import annotations

from zfstune.streams.base import find_base
from zfstune.streams.raw_kind import came_raw
from zfstune.streams.steps import Abort
from zfstune.values.errors import PlanError
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.ends import End
    from zfstune.streams.steps import Transfer

__all__ = [
    "brings_key",
    "closed_for_good",
    "closing",
    "has_same_key",
    "is_opened_alike",
    "own_key",
    "uses_another_key",
]


def uses_another_key(target: End) -> bool:
    """Tell whether a copy that exists uses the key of a dataset above it."""
    return bool(target.snapshots) and target.key_root not in ("", target.name)


def brings_key(transfer: Transfer, target: End) -> bool:
    """Tell whether a raw stream goes to a copy that uses the key of a dataset above it."""
    raw = any(not isinstance(step, Abort) and step.raw for step in transfer.steps)
    return raw and uses_another_key(target)


def is_opened_alike(source: End, target: End) -> bool:
    """Tell whether the passphrase of a source is known to open its copy as it is."""
    return bool(target.key_salt) and target.key_salt == source.key_salt


def has_same_key(
    source: End, source_root: End | None, target_root: End | None, *, sent: bool = False
) -> bool:
    """Tell whether the encryption root of a copy has the key that a stream brings.

    Args:
        source: The dataset that is sent.
        source_root: The encryption root of the source, or the dataset that its copy's
            root is the copy of; None: it cannot be read.
        target_root: The encryption root of the copy, likewise.
        sent: Whether a raw stream of that one comes as well, with its key.
    """
    if source_root is None or target_root is None:
        return False
    if target_root.key_root != target_root.name:
        return False
    if source.key_salt != source_root.key_salt:
        return False
    base = find_base(source_root, target_root)
    raw = base is not None and came_raw(source_root, target_root, base) is True
    return raw and (sent or source_root.key_salt == target_root.key_salt)


def closed_for_good(source: End, target: End) -> PlanError:
    """Return the error for a copy that could not be opened after a raw stream."""
    return PlanError(
        f"cannot send '{source.name}' to '{target.name}': {closing(target)}",
        hint=own_key(target),
    )


def closing(target: End) -> str:
    """Return the reason why a copy takes no raw stream as it is."""
    return (
        f"its key is wrapped by that of '{target.key_root}', and a raw stream brings the "
        "key as the sender wraps it: nothing could open the copy any more"
    )


def own_key(target: End) -> str:
    """Return the way on."""
    return (
        "give it a key of its own first, which the stream then replaces by the sender's: "
        f"`zfs change-key -o keyformat=passphrase {for_shell(target.name)}`"
    )
