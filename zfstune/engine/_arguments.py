"""The arguments of an engine's calls, checked by type before anything is called.

Each parameter must have the type that :class:`~zfstune.engine.protocol.Engine` declares:
C would take True for 1, cut text at a NUL and wrap a number that is too large. Each call
checks names and properties itself.
"""

from __future__ import annotations

import os
from functools import wraps

from zfstune.engine.protocol import declared_calls
from zfstune.values.errors import InvalidValue
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from zfstune.values.key import Key

    T = TypeVar("T")

__all__ = ["check_number", "check_path", "check_text", "checks_arguments"]

_MOST = (1 << 64) - 1
_MOST_ID = (1 << 32) - 2  # chown(2) takes the number after it for "no change"
_MOST_MODE = 0o7777


def checks_arguments(engine: type[T]) -> type[T]:
    """Make all calls of an engine check their arguments; it decorates the class."""
    for name, declared in declared_calls().items():
        call = getattr(engine, name)
        if not hasattr(call, "__wrapped__"):
            setattr(engine, name, _checking(call, name, _checks_of(declared)))
    return engine


def check_number(
    parameter: str, value: object, *, least: int = 0, most: int = _MOST
) -> int:
    """Check a whole number.

    Args:
        parameter: The parameter as the message names it.
        value: The argument.
        least: The smallest number allowed.
        most: The largest number allowed.

    Raises:
        InvalidValue: It is of another type, bool among them, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(parameter, value, "a whole number")
    if not least <= value <= most:
        # Python refuses to print a number of thousands of digits.
        number = str(value) if abs(value) <= 1 << 128 else "a number of that size"
        raise InvalidValue(
            f"cannot take {number} for {parameter}: it must be from {least} to {most}"
        )
    return value


def check_path(parameter: str, value: object) -> str:
    """Check the name of a file.

    Raises:
        InvalidValue: It is of another type, or no file can have that name.
    """
    path = value.__fspath__() if hasattr(value, "__fspath__") else value
    return check_text(parameter, path)


def check_text(parameter: str, value: object) -> str:
    """Check text that is passed to C.

    Raises:
        InvalidValue: It is of another type, holds a NUL, or holds a lone surrogate,
            which no bytes decode to.
    """
    text = _check_type(parameter, value)
    if "\0" in text:
        raise InvalidValue(f"cannot take '{shown(text)}' for {parameter}: it holds a NUL")
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        reason = "it holds a lone surrogate"
        raise InvalidValue(
            f"cannot take '{shown(text)}' for {parameter}: {reason}"
        ) from None
    return text


def _check_type(parameter: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(parameter, value, "text")
    return value


def _check_bytes(parameter: str, value: object) -> bytes:
    if not isinstance(value, bytes):
        raise _wrong_type(parameter, value, "bytes")
    return value


def _check_flag(parameter: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(parameter, value, "True or False")
    return value


def _check_descriptor(parameter: str, value: object) -> int:
    number = check_number(parameter, value, most=(1 << 31) - 1)
    try:
        os.fstat(number)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise InvalidValue(f"cannot take {number} for {parameter}: {reason}") from None
    return number


def _check_names(parameter: str, value: object) -> list[str]:
    """Check a list of names. A text is none: it would be split into characters."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise _wrong_type(parameter, value, "a list of names")
    return [_check_type(parameter, name) for name in value]


def _check_paths(parameter: str, value: object) -> list[str]:
    return [check_path(parameter, path) for path in _check_names(parameter, value)]


def _check_secret(parameter: str, value: object) -> Key:
    from zfstune.values.key import Key  # noqa: PLC0415 (few calls take one)

    if not isinstance(value, Key):
        raise _wrong_type(parameter, value, "a Key")
    return value


def _check_id(parameter: str, value: object) -> int:
    return check_number(parameter, value, most=_MOST_ID)


def _check_mode(parameter: str, value: object) -> int:
    return check_number(parameter, value, most=_MOST_MODE)


def _check_mapping(parameter: str, value: object) -> object:
    if not hasattr(value, "items"):
        raise _wrong_type(parameter, value, "a mapping")
    for name in value:  # type: ignore[attr-defined]  # a mapping goes through its keys
        _check_type(parameter, name)
    return value


def _check_guids(parameter: str, value: Any) -> object:
    _check_mapping(parameter, value)
    for guid in value.values():
        check_number(parameter, guid)
    return value


def _check_texts(parameter: str, value: Any) -> object:
    _check_mapping(parameter, value)
    for text in value.values():
        check_text(parameter, text)
    return value


def _check_lists(parameter: str, value: Any) -> object:
    _check_mapping(parameter, value)
    return {name: _check_names(parameter, each) for name, each in value.items()}


def _check_marks(parameter: str, value: Any) -> object:
    _check_mapping(parameter, value)
    for marks in value.values():
        _check_texts(parameter, marks)
    return value


def _check_callable(parameter: str, value: object) -> object:
    if not callable(value):
        raise _wrong_type(parameter, value, "a function")
    return value


# The keys are the annotations in the protocol; "| None" may follow them.
_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "str": _check_type,
    "Callable[[str], object]": _check_callable,
    "int": check_number,
    "bool": _check_flag,
    "bytes": _check_bytes,
    "Iterable[str]": _check_names,
    "Key": _check_secret,
    "Mapping[str, str]": _check_mapping,
    "Mapping[str, int]": _check_guids,
    "Mapping[str, object]": _check_mapping,
    "Mapping[str, Iterable[str]]": _check_lists,
    "Mapping[str, Mapping[str, str]]": _check_marks,
}
# These parameters take only some of the values of their type.
_NARROWER: dict[str, Callable[[str, Any], object]] = {
    "fd": _check_descriptor,
    "gid": _check_id,
    "mode": _check_mode,
    "paths": _check_paths,
    "sources": _check_texts,
    "tag_of": _check_texts,
    "uid": _check_id,
}


def _checks_of(declared: Any) -> dict[str, Callable[[str, Any], object]]:
    """Return the check of each parameter, in the order of the parameters."""
    code = declared.__code__
    parameters = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    annotations: dict[str, str] = declared.__annotations__
    checks = {}
    for parameter in parameters:
        wanted = annotations[parameter]
        check = _NARROWER.get(parameter) or _CHECKS[wanted.removesuffix(" | None")]
        checks[parameter] = _optional(check) if wanted.endswith(" | None") else check
    return checks


def _optional(check: Callable[[str, Any], object]) -> Callable[[str, Any], object]:
    """Return the check for a parameter that may be None."""

    def checked(parameter: str, value: Any) -> object:
        return None if value is None else check(parameter, value)

    return checked


def _checking(
    call: Callable[..., Any], name: str, checks: dict[str, Callable[[str, Any], object]]
) -> Callable[..., Any]:
    """Return the call in a form that checks its arguments first."""
    order = tuple(checks)

    @wraps(call)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        positional = [
            checks[parameter](f"{parameter} of {name}()", value)
            for parameter, value in zip(order, args, strict=False)
        ]
        named = {
            parameter: checks[parameter](f"{parameter} of {name}()", value)
            if parameter in checks
            else value  # the call itself says that it has no such parameter
            for parameter, value in kwargs.items()
        }
        return call(self, *positional, *args[len(order) :], **named)

    return checked


def _wrong_type(parameter: str, value: object, wanted: str) -> InvalidValue:
    kind = type(value).__name__
    return InvalidValue(
        f"cannot take a value of type {kind} for {parameter}: it must be {wanted}"
    )
