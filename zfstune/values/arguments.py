"""The arguments of public functions, checked by what their annotations say.

A text where a list is wanted is a list of letters to Python, and the text ``"no"`` is as
true as any other. Each public function gets this check where it becomes public, so that a
slip is one of zfstune's errors and nothing has happened yet.
"""

from __future__ import annotations

from functools import wraps

from zfstune.values.errors import InvalidValue
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")

__all__ = ["checked"]

_HAS_STAR = 0x04  # CO_VARARGS of a code object: the function takes *names
_OR_NONE = " | None"
_LISTS = ("Iterable[str]", "Collection[str]", "Sequence[str]")
_MAPPING = "Mapping[str, str]"
# The types of single values, and what a message calls them.
_SINGLE: dict[str, tuple[type, str]] = {
    "str": (str, "text"),
    "bool": (bool, "True or False"),
    "int": (int, "a whole number"),
}


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Have a function check those of its arguments whose annotations are simple.

    Args:
        function: Its annotations are text, as ``from __future__ import annotations`` has
            them.

    Returns:
        A function that raises InvalidValue for an argument of another type, before it
        does anything.
    """
    inner: Any = function
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    code, declared = inner.__code__, inner.__annotations__
    in_order = code.co_varnames[: code.co_argcount]
    last = code.co_argcount + code.co_kwonlyargcount
    star = code.co_varnames[last] if code.co_flags & _HAS_STAR else ""

    @wraps(function)
    def call(*args: P.args, **named: P.kwargs) -> T:
        for value in args[len(in_order) :] if star else ():  # else the call says so
            _check_one_of_many(star, value, declared.get(star, ""))
        given = {**dict(zip(in_order, args, strict=False)), **named}
        for name, value in given.items():
            _check(name, value, declared.get(name, ""))
        return function(*args, **named)

    return call


def _check_one_of_many(name: str, value: object, kind: str) -> None:
    """Check one of the arguments that are given one by one, as names are."""
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        raise _wrong(name, value, "single values", f"put a star before it, as in *{name}")
    if kind == "str":
        _check(name, value, kind)
    elif kind.startswith("str | ") and not _may_be(value):
        raise _wrong(name, value, "names")


def _may_be(value: object) -> bool:
    """Tell whether a value may be a name, or an object that has one, as a profile has."""
    return isinstance(value, str) or hasattr(value, "name")


def _check(name: str, value: object, declared: str) -> None:
    """Check an argument.

    Raises:
        InvalidValue: It is of another type than its annotation says.
    """
    kind = declared.removesuffix(_OR_NONE)
    if value is None and kind != declared:
        return
    if kind in _SINGLE:
        wanted, words = _SINGLE[kind]
        # True is a number to Python alone.
        if not isinstance(value, wanted) or (kind == "int" and isinstance(value, bool)):
            raise _wrong(name, value, words)
    elif kind == _MAPPING:
        if not hasattr(value, "items"):
            example = f"as in {name}={{'atime': 'off'}}"
            raise _wrong(name, value, "a mapping of names to values", example)
    elif kind in _LISTS or kind.removeprefix("str | ") in _LISTS:
        _check_list(name, value, or_text=kind not in _LISTS)


def _check_list(name: str, value: object, *, or_text: bool) -> None:
    if isinstance(value, str):
        if not or_text:
            raise _wrong(name, value, "a list", f"write {name}=[{shown(value)!r}]")
    elif not hasattr(value, "__iter__") or isinstance(value, bytes):
        raise _wrong(name, value, "a list")
    elif isinstance(value, (list, tuple, set, frozenset)):  # others may be read but once
        for each in value:
            if not isinstance(each, str):
                raise _wrong(name, each, "a list of text")


def _wrong(name: str, value: object, wanted: str, hint: str = "") -> InvalidValue:
    found = f"a value of type {type(value).__name__}"
    if isinstance(value, str):
        found = f"the text {shown(value)!r}"
    return InvalidValue(f"cannot take {found} for '{name}': it takes {wanted}", hint=hint)
