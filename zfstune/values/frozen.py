"""Frozen values that are quick to import.

``@frozen`` does the work of ``@dataclass(frozen=True, slots=True)``. The standard
decorator loads :mod:`inspect` and compiles six methods a class, which costs an empty
``zfstune prune`` 35 ms, about as much as the rest of its start; a timer pays that at each
run. Here one method is compiled, when the first value of a class is built, and building
a value takes half the time too.
"""

from __future__ import annotations

# A type checker takes the name TYPE_CHECKING for true. Importing it from typing would
# cost each start 3 ms; CONTRIBUTING.md has the rule.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType
    from typing import Any, NoReturn, TypeVar, cast, dataclass_transform

    _Class = TypeVar("_Class")
else:

    def dataclass_transform(**_: object) -> Callable[[object], object]:
        """Return a decorator that changes nothing; the name is for type checkers."""
        return lambda decorator: decorator

    def cast(_: str, value: object) -> object:
        """Return the value itself."""
        return value


__all__ = ["frozen", "replace"]


@dataclass_transform(frozen_default=True)
def frozen(cls: type[_Class]) -> type[_Class]:
    """Turn a class whose body annotates its fields into a class of frozen values.

    A field that has a value in the body defaults to that very object, so it should
    be immutable. Values compare and hash by their fields, show them in their repr,
    and can be copied and pickled. ``__post_init__`` is called where there is one.

    Args:
        cls: The class. Each name that its body annotates becomes a field and a slot;
            its bases have slots too, and no fields.

    Returns:
        The class to use in its place.
    """
    fields = tuple(cls.__annotations__)
    body = dict(vars(cls))
    defaults = {name: body.pop(name) for name in fields if name in body}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    for name, method in _METHODS.items():
        body.setdefault(name, method)
    body["__slots__"] = body["__match_args__"] = fields
    frozen_class: Any = type(cls.__name__, cls.__bases__, body)
    frozen_class.__qualname__ = cls.__qualname__
    frozen_class.__init__ = _Initializer(frozen_class, fields, defaults)
    return cast("type[_Class]", frozen_class)


def replace(value: _Class, /, **changes: Any) -> _Class:
    """Return a value of the same class with some of its fields changed."""
    fields: tuple[str, ...] = value.__slots__  # type: ignore[attr-defined]
    return value.__class__(**{name: getattr(value, name) for name in fields} | changes)


class _Initializer:
    """A stand-in that compiles ``__init__`` on first use: most runs use few classes."""

    def __init__(
        self, cls: Any, fields: tuple[str, ...], defaults: dict[str, object]
    ) -> None:
        self._parts = cls, fields, defaults

    def __get__(self, value: object, _: type) -> object:
        cls = self._parts[0]
        init = cls.__init__ = _compiled(*self._parts)
        return init if value is None else init.__get__(value)


def _compiled(
    cls: type, fields: tuple[str, ...], defaults: dict[str, object]
) -> FunctionType:
    """Compile ``__init__``; it sets each field through its slot, not by __setattr__."""
    parameters = [f"{name}=default_{name}" if name in defaults else name for name in fields]
    steps = [f"set_{name}(self, {name})" for name in fields]
    if hasattr(cls, "__post_init__"):
        steps.append("self.__post_init__()")
    names: dict[str, Any] = {f"default_{name}": value for name, value in defaults.items()}
    names |= {f"set_{name}": vars(cls)[name].__set__ for name in fields}
    head = f"def __init__({', '.join(['self', *parameters])}):"
    source = "\n ".join([head, *(steps or ["pass"])])
    exec(source, names)  # noqa: S102 (the source is made of the class body's own names)
    init: FunctionType = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _values(self: Any) -> tuple[object, ...]:
    return tuple([getattr(self, name) for name in self.__slots__])


def _eq(self: object, other: object) -> object:
    if other.__class__ is self.__class__:
        return _values(self) == _values(other)
    return NotImplemented


def _hash(self: object) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    pairs = zip(self.__slots__, _values(self), strict=True)
    shown = ", ".join(f"{name}={value!r}" for name, value in pairs)
    return f"{self.__class__.__qualname__}({shown})"


def _reduce(self: object) -> tuple[type, tuple[object, ...]]:
    return self.__class__, _values(self)


def _setattr(self: object, name: str, _: object) -> NoReturn:
    message = f"cannot assign to '{name}': a {self.__class__.__name__} is frozen"
    raise AttributeError(message)


def _delattr(self: object, name: str) -> NoReturn:
    message = f"cannot delete '{name}': a {self.__class__.__name__} is frozen"
    raise AttributeError(message)


_METHODS = {
    "__delattr__": _delattr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__reduce__": _reduce,
    "__repr__": _repr,
    "__setattr__": _setattr,
}
