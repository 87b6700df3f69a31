"""The messages between an image's process and its caller, as bytes.

The process reads data of strangers, and somebody whose image found a fault in libzpool
owns it. So the caller believes nothing of what comes back until it is checked, and both
ends read by the same rules. A message has a header with two lengths, a head in JSON whose
form is checked field by field, and a body: the bytes that the head counts. An nvlist on
its way to C and the JSON that C wrote are bodies, which no end has to copy into another
form.

A length is checked before any byte behind it is taken. Python makes at most some
thirty times as much of JSON as the text has bytes.
"""

from __future__ import annotations

import json
import struct

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

__all__ = [
    "HEADER_BYTES",
    "METHODS",
    "MOST_BODY_BYTES",
    "MOST_HEAD_BYTES",
    "ImageAnswer",
    "ImageDone",
    "ImageReady",
    "ImageRefused",
    "ImageRequest",
    "ImageUnopened",
    "NonsenseError",
    "lengths",
    "parse_image_json",
    "read_image_answer",
    "read_image_request",
    "write_image_answer",
    "write_image_request",
]

# What a request is about: the first opens the image, the second closes it.
METHODS = (
    "open",
    "close",
    "call",
    "read",
    "change",
    "stream",
    "stream_change",
    "unpack",
    "promote",
)
MOST_HEAD_BYTES = 4 << 20  # names and numbers; a channel program is text, too
# A snapshot takes some 60 bytes in a listing, and 1,000 with its properties.
MOST_BODY_BYTES = 512 << 20
_HEADER = struct.Struct("<II")
HEADER_BYTES = _HEADER.size

_LEAST, _MOST = -(1 << 63), (1 << 64) - 1
_MOST_ERRNO = 1 << 16
_MOST_RELEASE = 9999
_MOST_RECORDSIZE_BYTES = 16 << 20
_FUNCTION = frozenset("abcdefghijklmnopqrstuvwxyz_")


class NonsenseError(Exception):
    """A message breaks the rules.

    Args:
        reason: How, in half a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class ImageRequest:
    """What the caller asks for.

    Attributes:
        method: One of :data:`METHODS`.
        function: The name of a function of the extension; empty: the method needs none.
        args: What is passed to it.
    """

    method: str
    function: str
    args: tuple[str | int | bytes, ...]


@frozen
class ImageDone:
    """A call was made.

    Attributes:
        errno: What it returned.
        written: What it wrote; empty: nothing.
    """

    errno: int
    written: bytes = b""


@frozen
class ImageRefused:
    """A call was not made."""

    message: str
    hint: str


@frozen
class ImageReady:
    """The image is open."""

    minor: int
    patch: int
    max_recordsize_bytes: int


@frozen
class ImageUnopened:
    """The image cannot be opened: the errno, and what the reason or its hint quotes."""

    errno: int
    why: str


ImageAnswer = ImageDone | ImageRefused | ImageReady | ImageUnopened


def write_image_request(
    method: str, function: str = "", args: Sequence[str | int | bytes | bytearray] = ()
) -> bytes:
    """Write a request.

    Raises:
        InvalidValue: It is too large, or a number in it.
    """
    fields: list[str | int | list[int]] = []
    body: list[bytes | bytearray] = []
    for arg in args:
        if isinstance(arg, (bytes, bytearray)):
            fields.append([len(arg)])
            body.append(arg)
        else:
            fields.append(arg if isinstance(arg, str) else _in_range(int(arg)))
    return _written([method, function, fields], b"".join(body))


def _in_range(number: int) -> int:
    if not _LEAST <= number <= _MOST:
        raise InvalidValue(f"cannot pass {number} to ZFS: it does not fit into 64 bits")
    return number


def write_image_answer(answer: ImageAnswer) -> bytes:
    """Write an answer.

    Raises:
        InvalidValue: It is too large.
    """
    match answer:
        case ImageDone():
            return _written(["done", answer.errno], answer.written)
        case ImageRefused():
            return _written(["refused", answer.message, answer.hint], b"")
        case ImageReady():
            numbers = (answer.minor, answer.patch, answer.max_recordsize_bytes)
            return _written(["ready", *numbers], b"")
    return _written(["unopened", answer.errno, answer.why], b"")


def _written(head: list[Any], body: bytes) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode("ascii")
    if len(text) > MOST_HEAD_BYTES or len(body) > MOST_BODY_BYTES:
        raise InvalidValue(
            f"cannot pass {len(text) + len(body)} bytes between an image and its caller "
            f"at once: {MOST_BODY_BYTES >> 20}M is the most",
            hint="ask for less, such as one dataset, or leave the properties out",
        )
    return _HEADER.pack(len(text), len(body)) + text + body


def lengths(header: bytes) -> tuple[int, int]:
    """Return how many bytes of head and of body follow a header.

    Raises:
        NonsenseError: It is more than a message may have.
    """
    head, body = _HEADER.unpack(header)
    if head > MOST_HEAD_BYTES or body > MOST_BODY_BYTES:
        raise NonsenseError(f"a message of {head} and {body} bytes is too long")
    return head, body


def read_image_request(head: bytes, body: bytes) -> ImageRequest:
    """Read a request.

    Raises:
        NonsenseError: It is none.
    """
    method, function, fields = _row(parse_image_json(head), str, str, list)
    if method not in METHODS or not _FUNCTION.issuperset(function):
        raise NonsenseError("a request is of no known kind")
    args: list[str | int | bytes] = []
    at = 0
    for field in fields:
        if type(field) is list:
            [count] = _row(field, int)
            end = at + count
            if not at <= end <= len(body):
                raise NonsenseError("a request has fewer bytes than it counts")
            args.append(body[at:end])
            at = end
        elif type(field) is str or (type(field) is int and _LEAST <= field <= _MOST):
            args.append(field)
        else:
            raise NonsenseError("an argument is neither text nor number nor bytes")
    if at != len(body):
        raise NonsenseError("a request has more bytes than it counts")
    return ImageRequest(method, function, tuple(args))


def read_image_answer(head: bytes, body: bytes) -> ImageAnswer:
    """Read an answer; what a call wrote has to be checked by itself.

    Raises:
        NonsenseError: It is none.
    """
    fields = parse_image_json(head)
    kind = fields[0] if type(fields) is list and fields else None
    if body and kind != "done":
        raise NonsenseError("an answer has bytes that it has no use for")
    match kind:
        case "done":
            _, number = _row(fields, str, int)
            return ImageDone(_up_to(number, _MOST_ERRNO), body)
        case "refused":
            _, message, hint = _row(fields, str, str, str)
            return ImageRefused(message, hint)
        case "ready":
            _, minor, patch, recordsize = _row(fields, str, int, int, int)
            _up_to(minor, _MOST_RELEASE)
            _up_to(patch, _MOST_RELEASE)
            return ImageReady(minor, patch, _up_to(recordsize, _MOST_RECORDSIZE_BYTES))
        case "unopened":
            _, number, why = _row(fields, str, int, str)
            return ImageUnopened(_up_to(number, _MOST_ERRNO), why)
    raise NonsenseError("an answer is of no known kind")


def _row(value: Any, *types: type) -> Any:
    """Check that a value is a list of values of these types."""
    if type(value) is not list or [*map(type, value)] != [*types]:
        raise NonsenseError("a message has other fields than it should")
    return value


def _up_to(number: int, most: int) -> int:
    if not 0 <= number <= most:
        raise NonsenseError(f"a message has a number that is not from 0 to {most}")
    return number


def _unwanted(text: str) -> NoReturn:
    raise ValueError(text)


# ZFS knows no fractions, and JSON's text no NaN.
_DECODER = json.JSONDecoder(parse_float=_unwanted, parse_constant=_unwanted)


def parse_image_json(text: bytes) -> Any:
    """Read JSON of whole numbers, text, lists and objects.

    Raises:
        NonsenseError: It is something else.
    """
    try:
        return _DECODER.decode(text.decode())
    except (ValueError, RecursionError):
        raise NonsenseError("a message is not in JSON") from None
