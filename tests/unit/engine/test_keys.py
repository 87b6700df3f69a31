"""The calls for keys, over a binding that answers from a table."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from scripted_binding import ScriptedBinding, row
from zfstune.engine import _keys
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    InvalidProperty,
    InvalidValue,
    NotFound,
    NotPermitted,
    RefusedValue,
)
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zfstune.values.errors import EngineError

SECRET = "0123456789abcdef" * 4
HEX = 2  # zfs_keyformat_t
ROOT = {
    "encryption": "aes-256-gcm",
    "encryptionroot": "tank/a",
    "keyformat": "hex",
    "keylocation": "prompt",
}


def binding_of(properties: Mapping[str, Any], **answers: Any) -> ScriptedBinding:
    """Return a binding whose one dataset has these properties."""
    return ScriptedBinding(zt_stats=(0, row("tank/a", **properties)), **answers)


def test_the_kernel_gets_a_key_that_is_wiped_afterwards() -> None:
    """The 32 bytes are there during the call, and overwritten when it is done."""
    passed: list[bytearray] = []

    def load(name: str, noop: int, wrapping: bytearray) -> int:
        assert (name, noop, wrapping.hex()) == ("tank/a", 0, SECRET)
        passed.append(wrapping)
        return 0

    binding = binding_of(ROOT, zt_load_key=load)
    binding.engine().load_key("tank/a", Key(SECRET))
    assert passed == [bytearray(32)]
    assert binding.history() == ["zfstune load-key tank/a"]


def test_a_check_leaves_no_history() -> None:
    """Nothing has changed, so nothing is told."""
    binding = binding_of(ROOT)
    binding.engine().load_key("tank/a", Key(SECRET), check_only=True)
    assert binding.history() == []


def test_a_key_comes_from_its_file(tmp_path: Path) -> None:
    """Where the caller has none, the file of keylocation has it."""
    (tmp_path / "key").write_text(SECRET + "\n")
    asked: list[str] = []
    located = {**ROOT, "keylocation": f"file://{tmp_path}/key"}

    def load(_name: str, _noop: int, wrapping: bytearray) -> int:
        asked.append(wrapping.hex())
        return 0

    binding_of(located, zt_load_key=load).engine().load_key("tank/a")
    assert asked == [SECRET]
    with pytest.raises(InvalidValue, match="names no file"):
        binding_of(ROOT).engine().load_key("tank/a")


@pytest.mark.parametrize(
    ("call", "function", "code", "kind", "reason"),
    [
        ("load_key", "zt_load_key", errno.EACCES, RefusedValue, "not the right key"),
        ("load_key", "zt_load_key", errno.EEXIST, AlreadyExists, "loaded already"),
        ("unload_key", "zt_unload_key", errno.EACCES, NotFound, "not loaded"),
        ("unload_key", "zt_unload_key", errno.EBUSY, Busy, "in use"),
        ("change_key", "zt_change_key", errno.EACCES, NotPermitted, "not loaded"),
        ("inherit_key", "zt_change_key", errno.EINVAL, RefusedValue, "is not encrypted"),
        ("separate_key", "zt_change_key", errno.EINVAL, RefusedValue, "key of its own"),
    ],
)
def test_what_the_kernel_refuses(
    call: str, function: str, code: int, kind: type[EngineError], reason: str
) -> None:
    """Each errno has its meaning, the key is in no message, and nothing is in history."""
    binding = binding_of(ROOT, **{function: code})
    engine = binding.engine()
    key = [Key(SECRET)] if call in ("load_key", "change_key") else []
    with pytest.raises(kind, match=reason) as caught:
        getattr(engine, call)("tank/a", *key)
    assert SECRET not in f"{caught.value!r} {caught.value.hint}"
    assert binding.history() == []


@pytest.mark.parametrize("call", ["load_key", "unload_key", "inherit_key"])
def test_only_a_root_has_a_key(call: str) -> None:
    """The message names the dataset that has the key."""
    binding = binding_of({**ROOT, "encryptionroot": "tank/o k"})
    key = [Key(SECRET)] if call == "load_key" else []
    with pytest.raises(RefusedValue, match="it has the key of 'tank/o k'") as caught:
        getattr(binding.engine(), call)("tank/a", *key)
    assert "zfs get keystatus 'tank/o k'" in caught.value.hint
    with pytest.raises(RefusedValue, match="not encrypted"):
        getattr(binding_of({}).engine(), call)("tank/a", *key)


def changes(binding: ScriptedBinding) -> list[dict[str, Any]]:
    """Return the properties of each change of a key."""
    return [args[3] for name, args in binding.asked if name == "zt_change_key"]


def test_a_root_keeps_what_is_not_said() -> None:
    """Format and location stay; a passphrase gets a salt of its own each time."""
    binding = binding_of(ROOT)
    engine = binding.engine()
    engine.change_key("tank/a", Key(SECRET))
    for _ in range(2):
        wanted = {"keyformat": "passphrase", "pbkdf2iters": "100000"}
        engine.change_key("tank/a", Key("correct horse"), properties=wanted)
    first, second, third = changes(binding)
    assert first == {"keyformat": HEX, "keylocation": "prompt"}
    assert second.keys() == {*first, "pbkdf2iters", "pbkdf2salt"}
    assert 0 != second["pbkdf2salt"] != third["pbkdf2salt"]
    line = "zfstune change-key -o keyformat=passphrase -o pbkdf2iters=100000 tank/a"
    assert binding.history() == ["zfstune change-key tank/a", line, line]


def test_properties_of_no_key() -> None:
    """A change of a key sets nothing else, and a new root needs a format."""
    child = {**ROOT, "encryptionroot": "tank"}
    for properties, wanted, reason in (
        (ROOT, {"atime": "off"}, "no property of a key"),
        (ROOT, {"encryption": "off"}, "no property of a key"),
        (child, {}, "needs a keyformat"),
        (ROOT, {"pbkdf2iters": "200000"}, "keyformat=passphrase only"),
        (ROOT, {"keylocation": "none"}, "needs a location"),
    ):
        binding = binding_of(properties)
        with pytest.raises(InvalidProperty, match=reason):
            binding.engine().change_key("tank/a", Key(SECRET), properties=wanted)
        assert changes(binding) == []


@pytest.mark.parametrize(
    ("values", "parent", "key", "reason"),
    [
        ({"encryption": 1}, "off", None, "so it needs a keyformat, and the key"),
        ({"keyformat": HEX}, "off", Key(SECRET), "so it needs encryption=on"),
        ({}, "off", Key(SECRET), "its key needs a keyformat"),
    ],
)
def test_a_new_dataset_without_what_its_key_needs(
    values: dict[str, int | str], parent: str, key: Key | None, reason: str
) -> None:
    """The kernel would say no more than EINVAL."""
    engine = ScriptedBinding(zt_stats=(0, row("tank", encryption=parent))).engine()
    with pytest.raises(InvalidProperty, match=reason):
        _keys.key_of_new(engine, "tank/a", values, key)


@pytest.mark.parametrize(
    ("values", "parent"),
    [({}, "off"), ({"encryption": 2}, "off"), ({"encryption": 1}, "on")],
)
def test_a_new_dataset_without_a_key(values: dict[str, int | str], parent: str) -> None:
    """It is not encrypted, or by the key of its parent."""
    engine = ScriptedBinding(zt_stats=(0, row("tank", encryption=parent))).engine()
    assert _keys.key_of_new(engine, "tank/a", values, None) == b""
    gone = ScriptedBinding(zt_stats=(errno.ENOENT, None)).engine()
    assert _keys.key_of_new(gone, "tank/a", values, None) == b""
