"""A binding that answers from a table, under the calls of a real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zfstune.engine._shared_calls import ZfsEngine
from zfstune.engine.image import ImageEngine
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

DATASET, VOLUME = 2, 3  # dmu_objset_type_t


class ScriptedBinding:
    """Answers each function of the extension from a table.

    Args:
        answers: Name of a function to its answer, or to a function of its arguments
            that returns one. A function that is not in it succeeds and writes nothing.

    Attributes:
        asked: The name of each function that was called, and its arguments.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def _answer(self, function: Callable[..., int], *args: Any, default: Any) -> Any:
        name = function.__name__
        self.asked.append((name, args))
        answer = self.answers.get(name, default)
        return answer(*args) if callable(answer) else answer

    def call(self, function: Callable[..., int], *args: Any) -> Any:
        """Answer with an errno."""
        return self._answer(function, *args, default=0)

    def read(self, function: Callable[..., int], *args: Any) -> Any:
        """Answer with an errno and a value."""
        return self._answer(function, *args, default=(0, None))

    change = read

    def stream(self, function: Callable[..., int], fd: int, *args: Any) -> Any:
        """Answer a call that reads or writes a descriptor with an errno."""
        return self._answer(function, fd, *args, default=0)

    def stream_change(self, function: Callable[..., int], fd: int, *args: Any) -> Any:
        """Answer a call that reads or writes a descriptor with an errno and a value."""
        return self._answer(function, fd, *args, default=(0, None))

    def promote(self, name: str) -> Any:
        """Answer with an errno and the name of a snapshot."""
        self.asked.append(("zt_promote", (name,)))
        return self.answers.get("zt_promote", (0, ""))

    def close(self) -> None:
        """Note that it was closed."""
        self.asked.append(("close", ()))

    def history(self) -> list[str]:
        """Return the lines that were written to the pool's history."""
        return [args[0] for name, args in self.asked if name == "zt_log"]

    def engine(self) -> ImageEngine:
        """Return an engine on this binding, of whose filesystems none is mounted."""
        engine = ImageEngine.__new__(ImageEngine)
        ZfsEngine.__init__(engine, self, DEFAULT_LIMITS)  # type: ignore[arg-type]  # the table stands in
        return engine


def row(name: str, number: int = 1, kind: int = DATASET, **properties: object) -> list[Any]:
    """Return the row of a dataset or snapshot as C lists it.

    Args:
        name: Its name.
        number: Its guid and createtxg.
        kind: Its dmu_objset_type_t.
        properties: Native properties to their values, with no source.
    """
    listed = {prop: {"value": value} for prop, value in properties.items()}
    return [name, kind, number, number, 0, 0, listed]
