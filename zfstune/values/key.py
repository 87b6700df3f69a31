"""The secret of an encrypted dataset, and the key that OpenZFS wraps its own keys with."""

from __future__ import annotations

import binascii

from zfstune.values.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Self

__all__ = ["KEY_BYTES", "Key", "wipe"]

KEY_BYTES = 32  # WRAPPING_KEY_LEN, include/sys/dsl_crypt.h
# lib/libzfs/libzfs_crypto.c
_LEAST_PASSPHRASE, _MOST_PASSPHRASE = 8, 512


class Key:
    """A passphrase, 64 hexadecimal digits or 32 bytes, as a key's file holds them.

    Of a passphrase and of digits only the first line counts, as for the zfs command. No
    text about a key shows it: ``repr`` leaves it out, and it cannot be pickled.

    The secret lies in memory until the ``with`` block ends, or :meth:`wipe` is called.
    Python, and the kernel's libraries, may have made copies that stay until their memory
    is used again.

    Args:
        secret: The secret; text is encoded as UTF-8.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str | bytes | bytearray) -> None:
        if isinstance(secret, str):
            secret = secret.encode("utf-8", "surrogateescape")
        if not isinstance(secret, (bytes, bytearray)):
            kind = type(secret).__name__  # type: ignore[unreachable]
            raise InvalidValue(f"cannot take a value of type {kind} for a key")
        self._secret = bytearray(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "Key(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle a key: it would be written in plain text")

    def wipe(self) -> None:
        """Overwrite the secret; the key cannot be used any more."""
        wipe(self._secret)
        del self._secret[:]

    def wrapping(
        self, keyformat: str, *, salt: int = 0, iterations: int = 0, new: bool = False
    ) -> bytearray:
        """Return the 32 bytes that the kernel wraps a dataset's own key with.

        Args:
            keyformat: The property: ``raw``, ``hex`` or ``passphrase``.
            salt: The property ``pbkdf2salt``, for a passphrase.
            iterations: The property ``pbkdf2iters``, for a passphrase.
            new: Whether a dataset is given this key: its passphrase then has 8 to 512
                bytes, as libzfs wants it.

        Raises:
            InvalidValue: The secret does not have this format.
        """
        if keyformat == "raw":
            _check_length(self._secret, KEY_BYTES, "a raw key has 32 bytes")
            return bytearray(self._secret)
        end = self._secret.find(b"\n")
        # A view is no copy, which would have to be wiped as well.
        line = memoryview(self._secret)[: end if end >= 0 else None]
        if keyformat == "hex":
            _check_length(line, 2 * KEY_BYTES, "a hexadecimal key has 64 digits")
            try:
                return bytearray(binascii.unhexlify(line))
            except ValueError:
                raise _unfit("its digits must be 0 to 9 and a to f") from None
        if keyformat != "passphrase":
            raise _unfit(f"'{keyformat}' is no format of keys")
        if 0 in line:  # libzfs would take only the part before a NUL
            raise _unfit("a passphrase holds no NUL")
        if new and not _LEAST_PASSPHRASE <= len(line) <= _MOST_PASSPHRASE:
            raise _unfit(
                f"a passphrase has {_LEAST_PASSPHRASE} to {_MOST_PASSPHRASE} bytes, and "
                f"this one {len(line)}"
            )
        import hashlib  # noqa: PLC0415 (it loads OpenSSL, and few keys are passphrases)

        # See derive_key() in lib/libzfs/libzfs_crypto.c.
        derived = hashlib.pbkdf2_hmac(
            "sha1", line, salt.to_bytes(8, "little"), iterations, KEY_BYTES
        )
        return bytearray(derived)


def wipe(secret: bytearray) -> None:
    """Overwrite bytes in place."""
    secret[:] = bytes(len(secret))


def _check_length(secret: bytearray | memoryview, length: int, rule: str) -> None:
    if len(secret) != length:
        raise _unfit(f"{rule}, and this one has {len(secret)} bytes")


def _unfit(reason: str) -> InvalidValue:
    return InvalidValue(f"cannot use the key: {reason}")
