"""Arguments checked by what Engine declares them to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zfstune.engine._arguments import (
    _CHECKS,
    check_number,
    check_path,
    check_text,
    checks_arguments,
)
from zfstune.engine.open import open_engine
from zfstune.engine.protocol import declared_calls
from zfstune.values.errors import InvalidValue


def _recording(name: str) -> Any:
    def call(self: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        return (name, args, kwargs)

    return call


@pytest.fixture
def recorder() -> Any:
    """Return an engine whose calls answer with their arguments."""
    calls = {name: _recording(name) for name in declared_calls()}
    recording: type[Any] = type("Recording", (), calls)
    return checks_arguments(recording)()


def test_what_is_right_passes_as_it_is(recorder: Any) -> None:
    """The call gets the caller's values, by position or by name."""
    assert recorder.hold(["tank/a@1"], "tag") == ("hold", (["tank/a@1"], "tag"), {})
    assert recorder.hold(snapshots=("tank/a@1",), tag="tag")[2] == {
        "snapshots": ["tank/a@1"],
        "tag": "tag",
    }
    assert recorder.create("tank/a", properties=None)[2] == {"properties": None}


def test_names_may_come_one_by_one(recorder: Any) -> None:
    """A generator is read once, by the check, and handed on whole."""
    names = (f"tank/a@{number}" for number in range(2))
    assert recorder.take_snapshots(names)[1] == (["tank/a@0", "tank/a@1"],)


def test_text_is_no_list_of_names(recorder: Any) -> None:
    """A text in place of a list of names is refused: it would be split into characters."""
    with pytest.raises(InvalidValue, match=r"names of take_snapshots.*a list of names"):
        recorder.take_snapshots("tank/a@1")


def test_a_flag_is_no_text(recorder: Any) -> None:
    """A flag must be True or False, for the word "no" is true in Python."""
    with pytest.raises(InvalidValue, match="defer of destroy_snapshots"):
        recorder.destroy_snapshots(["tank/a@1"], defer="no")


def test_a_call_keeps_its_own_complaints(recorder: Any) -> None:
    """The call itself refuses an unknown parameter, and an argument too many."""
    assert recorder.promote("tank/a", "b")[1] == ("tank/a", "b")
    assert recorder.promote("tank/a", other=1)[2] == {"other": 1}


def test_numbers() -> None:
    """A whole number in range is given back; all else is refused."""
    assert check_number("x", 0) == 0
    assert check_number("x", (1 << 64) - 1) == (1 << 64) - 1
    assert check_number("x", 5, least=5, most=5) == 5
    for value in (-1, 1 << 64, 10**5000, -(10**5000), True, False, "1", 1.0, None):
        with pytest.raises(InvalidValue, match=r"^cannot take "):
            check_number("x", value)
    with pytest.raises(InvalidValue, match="it must be from 5 to 6"):
        check_number("x", 4, least=5, most=6)
    with pytest.raises(InvalidValue, match="cannot take 7 for x"):
        check_number("x", 7, least=5, most=6)


def test_text() -> None:
    """Text is taken if bytes can stand for it, be they UTF-8 or not."""
    for text in ("", "é", "a b\n", "\udcff"):
        assert check_text("x", text) == text
    for value in ("\0", "a\0", "\ud800", "\udfff", None, 1, b"a"):
        with pytest.raises(InvalidValue, match="for x: "):
            check_text("x", value)


def test_paths() -> None:
    """Text is taken as a path, and so is an object that gives its path as text."""
    assert check_path("x", "/a") == "/a"
    assert check_path("x", Path("/a")) == "/a"
    for value in ("a\0b", b"/a", None, 3, Path("a\0b")):
        with pytest.raises(InvalidValue):
            check_path("x", value)


def test_every_declared_type_has_a_check() -> None:
    """A parameter of a new type fails when the engine is imported, not when called."""
    assert "int" in _CHECKS

    class Unknown:
        def close(self, depth: complex) -> None:
            """Take a type that no check knows."""

    from zfstune.engine import _arguments

    with pytest.raises(KeyError):
        _arguments._checks_of(Unknown.close)


@pytest.mark.parametrize("path", ["a\0b", "\ud800", b"x", 5, True])
def test_images_with_names_that_no_file_has(path: Any) -> None:
    """Bad arguments are refused before a process is started for the image."""
    with pytest.raises(InvalidValue):
        open_engine(path)
    with pytest.raises(InvalidValue):
        open_engine(path, create_bytes=64 << 20)


@pytest.mark.parametrize(
    "size", [-1, 0, 1, 1 << 63, 1 << 64, 10**5000, True, 1e9, "64M"], ids=type
)
def test_images_of_no_size(size: Any, tmp_path: Path) -> None:
    """A size that no file can have is refused, and no file is left behind."""
    with pytest.raises(InvalidValue):
        open_engine(tmp_path / "x.zpool", create_bytes=size)
    assert list(tmp_path.iterdir()) == []
