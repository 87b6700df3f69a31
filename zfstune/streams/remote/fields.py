"""Checked fields of messages that another host wrote."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import NoReturn

__all__ = [
    "BadMessageError",
    "flag_in",
    "list_in",
    "object_in",
    "parse_json",
    "row_in",
    "text_in",
    "whole_in",
    "write_json",
]

MAX_NUMBER = (1 << 64) - 1


class BadMessageError(ValueError):
    """The other host broke the protocol.

    Args:
        reason: How, in half a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def write_json(value: object) -> bytes:
    """Write a message."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def parse_json(data: bytes) -> object:
    """Read a message.

    Raises:
        BadMessageError: It is not in JSON.
    """
    try:
        value: object = json.loads(data, parse_float=_unwanted, parse_constant=_unwanted)
    except (ValueError, RecursionError):
        raise BadMessageError("a message came that is not in JSON") from None
    return value


def object_in(value: object, keys: Collection[str]) -> dict[str, object]:
    """Check that a value is an object with exactly these keys."""
    if not isinstance(value, dict) or value.keys() != set(keys):
        raise BadMessageError(f"it has not the keys {', '.join(sorted(keys))}")
    return value


def list_in(value: object) -> list[object]:
    """Check that a value is a list."""
    if not isinstance(value, list):
        raise _unlike(value, "a list")
    return value


def row_in(value: object, length: int) -> list[object]:
    """Check that a value is a list of so many values."""
    row = list_in(value)
    if len(row) != length:
        raise BadMessageError(f"a row has {len(row)} fields, not {length}")
    return row


def text_in(value: object) -> str:
    """Check that a value is text."""
    if not isinstance(value, str):
        raise _unlike(value, "text")
    return value


def whole_in(value: object, most: int = MAX_NUMBER) -> int:
    """Check that a value is a whole number, zero or more."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _unlike(value, "a number in range")
    return value


def flag_in(value: object) -> bool:
    """Check that a value is true or false."""
    if not isinstance(value, bool):
        raise _unlike(value, "true or false")
    return value


def _unlike(value: object, kind: str) -> BadMessageError:
    return BadMessageError(f"a {type(value).__name__} stands where {kind} belongs")


def _unwanted(text: str) -> NoReturn:
    raise ValueError(text)
