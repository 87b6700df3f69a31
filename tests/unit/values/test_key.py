"""Keys: their formats, and the places where they do not show."""

from __future__ import annotations

import pickle

import pytest

from zfstune.values.errors import InvalidValue
from zfstune.values.key import Key, wipe

# RFC 6070 has no vector with a salt of eight bytes, so this one comes from
# `openssl kdf -keylen 32 -kdfopt digest:SHA1 -kdfopt pass:"correct horse"
# -kdfopt hexsalt:efcdab8967452301 -kdfopt iter:1000 PBKDF2`.
SALT, ITERATIONS = 0x0123456789ABCDEF, 1000
DERIVED = "0e04113a4aa3b52efccf3068ae04bdd55b253e1ccb28ce98bb427e6cd045055d"


def test_raw_and_hexadecimal_keys() -> None:
    """The 32 bytes are those of the file, or the digits' of its first line."""
    raw = bytes(range(32))
    assert Key(raw).wrapping("raw") == raw
    for text in (raw.hex(), raw.hex().upper() + "\n", raw.hex() + "\nmore\n"):
        assert Key(text).wrapping("hex") == raw
    # a newline is a byte like others in a raw key
    assert Key(b"\n" * 32).wrapping("raw") == b"\n" * 32


def test_a_passphrase_is_stretched_as_libzfs_does() -> None:
    """The salt counts as eight bytes, the smallest first; one newline is cut off."""
    for text in ("correct horse", b"correct horse\n", bytearray(b"correct horse\nx")):
        key = Key(text).wrapping("passphrase", salt=SALT, iterations=ITERATIONS)
        assert key.hex() == DERIVED


@pytest.mark.parametrize(
    ("secret", "keyformat", "reason"),
    [
        (b"x" * 31, "raw", "has 32 bytes, and this one has 31"),
        (b"x" * 33, "raw", "has 32 bytes, and this one has 33"),
        ("ab" * 31, "hex", "has 64 digits"),
        ("xy" * 32, "hex", "0 to 9 and a to f"),
        (b"\xff" * 64, "hex", "0 to 9 and a to f"),
        (" a" * 32, "hex", "0 to 9 and a to f"),
        ("ab" * 31 + "  ", "hex", "0 to 9 and a to f"),
        ("short", "passphrase", "8 to 512 bytes, and this one 5"),
        ("x" * 513, "passphrase", "and this one 513"),
        ("nul\0inside", "passphrase", "no NUL"),
        ("x", "none", "'none' is no format"),
    ],
)
def test_an_unfit_secret(secret: str | bytes, keyformat: str, reason: str) -> None:
    """The message says what does not fit, and never shows the secret."""
    with pytest.raises(InvalidValue, match=reason) as caught:
        Key(secret).wrapping(keyformat, salt=1, iterations=1, new=True)
    text = secret if isinstance(secret, str) else secret.decode("latin-1")
    assert len(text) == 1 or text not in str(caught.value)


def test_an_old_passphrase_may_be_short() -> None:
    """Only a new passphrase has to be long: an old one is what it is."""
    assert len(Key("old").wrapping("passphrase", salt=1, iterations=1)) == 32


def test_a_key_does_not_show() -> None:
    """Its repr hides it, no pickle takes it, and after the block it is gone."""
    with Key("correct horse") as key:
        assert "horse" not in f"{key} {key!r}"
        with pytest.raises(TypeError, match="plain text"):
            pickle.dumps(key)
        secret = key._secret
        assert secret == b"correct horse"
    with pytest.raises(InvalidValue):
        key.wrapping("raw")
    assert not secret


def test_a_key_takes_a_copy() -> None:
    """The caller's own buffer stays as it is, for the caller to wipe."""
    mine = bytearray(b"x" * 32)
    with Key(mine):
        pass
    assert mine == b"x" * 32
    wipe(mine)
    assert mine == bytes(32)


@pytest.mark.parametrize("secret", [None, 1, ["x"]])
def test_other_types_are_no_keys(secret: object) -> None:
    """A key is text or bytes."""
    with pytest.raises(InvalidValue, match="for a key"):
        Key(secret)  # type: ignore[arg-type]
