"""The engine that is opened for each argument, and the end of its use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripted_binding import ScriptedBinding
from zfstune.engine import open as opening
from zfstune.engine.open import open_engine, using

if TYPE_CHECKING:
    from collections.abc import Callable


def noting(calls: list[tuple[Any, ...]], name: str) -> Callable[..., str]:
    """Return a function that notes its arguments and returns its name."""

    def note(*args: object, **kwargs: object) -> str:
        calls.append((name, args, kwargs))
        return name

    return note


def test_which_engine_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel is opened without a file, an image with one, a new image with a size."""
    calls: list[tuple[Any, ...]] = []
    for home, name in (
        ("kernel", "KernelEngine"),
        ("image", "ImageEngine"),
        ("image", "create_image"),
    ):
        monkeypatch.setattr(f"zfstune.engine.{home}.{name}", noting(calls, name))
    open_engine()
    open_engine("a.zpool", take_over_from="host")
    open_engine("a.zpool", create_bytes=1 << 30)
    assert calls == [
        ("KernelEngine", (), {}),
        ("ImageEngine", ("a.zpool",), {"take_over_from": "host"}),
        ("create_image", ("a.zpool",), {"size_bytes": 1 << 30}),
    ]


def test_the_callers_engine_stays_open() -> None:
    """A block leaves the caller's engine open."""
    binding = ScriptedBinding()
    engine = binding.engine()
    with using(engine) as zfs:
        assert zfs is engine
    assert binding.asked == []


def test_an_engine_of_its_own_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block closes the engine that it opened, also where the block fails."""
    binding = ScriptedBinding()
    monkeypatch.setattr(opening, "open_engine", binding.engine)
    with pytest.raises(ZeroDivisionError), using(None):
        raise ZeroDivisionError
    assert binding.asked == [("close", ())]
