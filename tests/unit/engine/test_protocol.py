"""The calls of the protocol, and the engines that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.engine.image import ImageEngine
from zfstune.engine.kernel import KernelEngine
from zfstune.engine.protocol import declared_calls

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

DECLARED = declared_calls()


def parameters(function: object) -> list[str]:
    """Return the names of a function's parameters in their order."""
    code = getattr(function, "__wrapped__", function).__code__  # type: ignore[attr-defined]
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


@pytest.mark.parametrize("engine", [KernelEngine, ImageEngine])
@pytest.mark.parametrize("call", sorted(DECLARED))
def test_each_call_is_the_engines_own(engine: type[Engine], call: str) -> None:
    """No engine inherits the protocol's empty body, which would do nothing."""
    made = getattr(engine, call)
    assert getattr(made, "__wrapped__", made) is not DECLARED[call]


@pytest.mark.parametrize("engine", [KernelEngine, ImageEngine])
@pytest.mark.parametrize("call", sorted(DECLARED))
def test_parameters_have_the_names_that_the_protocol_gives(
    engine: type[Engine], call: str
) -> None:
    """A caller may name an argument as Engine documents it, whatever the engine."""
    assert parameters(getattr(engine, call)) == parameters(DECLARED[call])


def test_an_image_is_no_kernel() -> None:
    """Each of the two engines has the calls that mount for itself."""
    assert not issubclass(ImageEngine, KernelEngine)
    assert not issubclass(KernelEngine, ImageEngine)
