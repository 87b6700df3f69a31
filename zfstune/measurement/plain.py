"""Frozen values as JSON and back: each field under its own name, nothing else.

What is read may have come from anywhere, so each value is checked: no key too many or too
few, no number where text belongs, nothing that is not a finite number.
"""

from __future__ import annotations

import math

from zfstune.values.errors import InvalidValue
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["from_plain", "to_plain"]

_NONE = "None"
_PLAIN: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}


def to_plain(value: Any) -> Any:
    """Return a value in JSON's types."""
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if hasattr(value, "__match_args__"):
        return {name: to_plain(getattr(value, name)) for name in value.__match_args__}
    if hasattr(value, "items"):
        return {name: to_plain(item) for name, item in value.items()}
    return value


def from_plain(cls: type, plain: object, known: Mapping[str, type]) -> Any:
    """Return the value of a class that :func:`to_plain` made `plain` of.

    Args:
        cls: A class of :func:`~zfstune.values.frozen.frozen`.
        plain: What JSON gave.
        known: The classes that its fields may have, by name.

    Raises:
        InvalidValue: It is something else; the message says where.
    """
    return _read(cls.__name__, plain, {**known, cls.__name__: cls}, cls.__name__)


def _read(kind: str, plain: object, known: Mapping[str, type], place: str) -> Any:
    """Read what the annotation `kind` asks for."""
    candidates = kind.split(" | ")
    if plain is None and _NONE in candidates:
        return None
    kind = candidates[0]
    if kind in _PLAIN:
        return _read_plain(_PLAIN[kind], plain, place)
    if kind.startswith("tuple["):
        inner = kind.removeprefix("tuple[").removesuffix(", ...]")
        items = _check(plain, list, place)
        return tuple(
            _read(inner, item, known, f"{place}[{n}]") for n, item in enumerate(items)
        )
    fields = _check(plain, dict, place)
    if kind.startswith("Mapping[str, "):
        inner = kind.removeprefix("Mapping[str, ").removesuffix("]")
        return {
            name: _read(inner, item, known, f"{place}.{shown(name)}")
            for name, item in fields.items()
        }
    cls: Any = known[kind]
    names = cls.__match_args__
    if set(fields) != set(names):
        odd = ", ".join(sorted(set(fields) ^ set(names)))
        raise _wrong(place, f"these keys are missing or unknown: {shown(odd)}")
    return cls(
        **{
            name: _read(cls.__annotations__[name], fields[name], known, f"{place}.{name}")
            for name in names
        }
    )


def _read_plain(cls: type, plain: object, place: str) -> object:
    if cls is float and type(plain) is int:
        plain = float(plain)
    _check(plain, cls, place)
    if isinstance(plain, float) and not math.isfinite(plain):
        raise _wrong(place, "it is no finite number")
    return plain


def _check(plain: object, cls: type, place: str) -> Any:
    """Return `plain` if it is of this very type; a bool is no int here."""
    if type(plain) is not cls:
        raise _wrong(place, f"it is of type {type(plain).__name__}, not {cls.__name__}")
    return plain


def _wrong(place: str, reason: str) -> InvalidValue:
    return InvalidValue(f"cannot read '{place}' of the results: {reason}")
