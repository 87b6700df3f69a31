"""The calls of ZfsEngine for the keys of encrypted datasets."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager

from zfstune.engine._binding import lib
from zfstune.engine._checks import check_properties
from zfstune.engine._history import create_line
from zfstune.host.key_file import read_key
from zfstune.values.errors import InvalidProperty, NotFound, RefusedValue
from zfstune.values.key import wipe
from zfstune.values.names import check_dataset, parent_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.values.key import Key
    from zfstune.values.state import Dataset, Limits

__all__ = ["ZfsKeys", "key_of_new", "wiped"]

# dcp_cmd_t, include/sys/dsl_crypt.h
_NEW_KEY, _INHERIT, _FORCE_NEW_KEY, _FORCE_INHERIT = 2, 3, 4, 5
_ITERATIONS = 350_000  # DEFAULT_PBKDF2_ITERATIONS, lib/libzfs/libzfs_crypto.c
_CHANGEABLE = frozenset({"keyformat", "keylocation", "pbkdf2iters"})


class ZfsKeys:
    """The calls, for ZfsEngine to inherit, which has the attributes below."""

    _zfs: Any
    _limits: Limits
    _log: Callable[[str], None]
    _raise_if_failed: Callable[[str, str, int], None]
    dataset: Callable[[str], Dataset]

    def load_key(
        self, name: str, key: Key | None = None, *, check_only: bool = False
    ) -> None:
        """Load the key of an encryption root, or only check it."""
        root = self._root("load the key of", name)
        location = root.value("keylocation") or ""
        with (
            _given_or_read(key, location) as secret,
            wiped(
                secret.wrapping(
                    root.value("keyformat") or "",
                    salt=int(root.value("pbkdf2salt") or 0),
                    iterations=int(root.value("pbkdf2iters") or 0),
                )
            ) as wrapping,
        ):
            error = self._zfs.call(lib.zt_load_key, name, int(check_only), wrapping)
        self._raise_if_failed("load the key of", name, error)
        if not check_only:
            self._log(f"zfstune load-key {name}")

    def unload_key(self, name: str) -> None:
        """Unload the key of an encryption root."""
        self._root("unload the key of", name)
        error = self._zfs.call(lib.zt_unload_key, name)
        self._raise_if_failed("unload the key of", name, error)
        self._log(f"zfstune unload-key {name}")

    def change_key(
        self,
        name: str,
        key: Key | None = None,
        *,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Give a dataset a new key of its own."""
        wanted = dict(properties or {})
        for prop in wanted.keys() - _CHANGEABLE:
            raise InvalidProperty(
                f"cannot set '{prop}' with a key: it is no property of a key",
                hint="these are keyformat, keylocation and pbkdf2iters",
            )
        dataset = self.dataset(name)
        if dataset.value("encryption") in (None, "off"):
            raise _keyless("change the key of", name, "it is not encrypted")
        if dataset.value("encryptionroot") == name:
            for prop in ("keyformat", "keylocation"):
                wanted.setdefault(prop, dataset.value(prop) or "")
        if "keyformat" not in wanted:
            raise InvalidProperty(
                f"cannot change the key of '{name}': a key of its own needs a keyformat"
            )
        values = check_properties(
            wanted, kind="filesystem", creating=True, limits=self._limits
        )
        with wiped(_new_wrapping(values, key)) as wrapping:
            self._change(name, _NEW_KEY, wrapping, values)
        self._log(create_line("change-key", properties or {}, name))

    def inherit_key(self, name: str, *, force: bool = False) -> None:
        """Make an encryption root use its parent's key."""
        self._root("change the key of", name)
        self._change(name, _FORCE_INHERIT if force else _INHERIT, b"", {})
        self._log(f"zfstune change-key -i {name}")

    def separate_key(self, name: str) -> None:
        """Make a dataset a root of its own, with the key that it inherits."""
        check_dataset(name)
        self._change(name, _FORCE_NEW_KEY, b"", {})
        self._log(f"zfstune change-key {name}")

    def _change(
        self,
        name: str,
        command: int,
        wrapping: bytes | bytearray,
        values: Mapping[str, Any],
    ) -> None:
        error = self._zfs.call(lib.zt_change_key, name, command, wrapping, values)
        self._raise_if_failed("change the key of", name, error)

    def _root(self, operation: str, name: str) -> Dataset:
        """Return an encryption root; raise for a dataset that is none."""
        dataset = self.dataset(name)
        root = dataset.value("encryptionroot") or ""
        if not root:
            raise _keyless(operation, name, "it is not encrypted")
        if root != name:
            reason = f"it has the key of '{root}'"
            hint = f"`zfs get keystatus {for_shell(root)}` shows whether that is loaded"
            raise _keyless(operation, name, reason, hint)
        return dataset


def key_of_new(
    engine: Engine, name: str, values: dict[str, int | str], key: Key | None
) -> bytes | bytearray:
    """Return the wrapping key of a new dataset; empty: it gets none of its own.

    Args:
        engine: The engine.
        name: The dataset.
        values: Its properties, checked; those that the kernel wants with a key are added.
        key: Its key; None: the file has it that ``keylocation`` names.

    Raises:
        InvalidValue: It needs a key and there is none, or it has a key and no format.
    """
    keyformat = values.get("keyformat")
    if key is not None and not keyformat:
        raise InvalidProperty(f"cannot create '{name}': its key needs a keyformat")
    wanted = _word("encryption", values.get("encryption", "inherit"))
    if wanted == "off" or (wanted == "inherit" and not keyformat):
        return b""
    own = wanted != "inherit"
    if keyformat and (own or _is_encrypted(engine, parent_of(name) or name)):
        return _new_wrapping(values, key)
    if own and _is_encrypted(engine, parent_of(name) or name):
        return b""
    lacks = "encryption=on" if keyformat else "a keyformat, and the key"
    raise InvalidProperty(
        f"cannot create '{name}': its parent is not encrypted, so it needs {lacks}",
        hint="set encryption=on and keyformat=passphrase, hex or raw, and pass the key or "
        "its keylocation=file:///PATH",
    )


@contextmanager
def wiped(secret: bytes | bytearray) -> Iterator[bytes | bytearray]:
    """Overwrite a key when the block ends."""
    try:
        yield secret
    finally:
        if isinstance(secret, bytearray):
            wipe(secret)


def _new_wrapping(values: dict[str, int | str], key: Key | None) -> bytearray:
    """Return a new wrapping key, and add the properties that the kernel wants with it."""
    keyformat = _word("keyformat", values["keyformat"])
    location = str(values.setdefault("keylocation", "prompt"))
    if keyformat == "passphrase":
        values.setdefault("pbkdf2iters", _ITERATIONS)
        # The kernel takes no salt of zero.
        values["pbkdf2salt"] = int.from_bytes(os.urandom(8), "little") or 1
    with _given_or_read(key, location) as secret:
        return secret.wrapping(
            keyformat,
            salt=int(values.get("pbkdf2salt", 0)),
            iterations=int(values.get("pbkdf2iters", 0)),
            new=True,
        )


@contextmanager
def _given_or_read(key: Key | None, location: str) -> Iterator[Key]:
    """Give the caller's key, or the one in the file; that one is overwritten at the end."""
    if key is not None:
        yield key
        return
    with read_key(location) as found:
        yield found


def _is_encrypted(engine: Engine, name: str) -> bool:
    try:
        return engine.dataset(name).value("encryption") not in (None, "off")
    except NotFound:
        return True  # the kernel reports it


def _word(prop: str, raw: int | str) -> str:
    from zfstune.values.properties import to_text  # noqa: PLC0415 (its tables take milliseconds, and few make a key)

    return to_text(prop, raw)


def _keyless(operation: str, name: str, reason: str, hint: str = "") -> RefusedValue:
    return RefusedValue(
        operation=operation, target=name, reason=reason, errno=errno.EINVAL, hint=hint
    )
