"""What an exported image says of itself: the file beside its stream."""

from __future__ import annotations

import json
import re

from zfstune.values.errors import InvalidName, InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.names import check_component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["EXPORT_FORMAT", "MANIFEST_FILE", "STREAM_FILE", "Manifest", "parse_manifest"]

EXPORT_FORMAT = "zfstune-golden-1"
# The files of an export.
MANIFEST_FILE = "manifest.json"
STREAM_FILE = "stream.zfs"

_KINDS = ("filesystem", "volume")
_HEX = re.compile(r"[0-9a-f]{64}")
_MOST = 1 << 64


@frozen
class Manifest:
    """An exported image.

    Attributes:
        name: The dataset that it was.
        snapshot: Name of its sealed snapshot, without the dataset.
        kind: ``filesystem`` or ``volume``.
        guid: Guid of the snapshot.
        raw: The stream is raw: of an encrypted image, as it lies on disk.
        digest: Digest of the content (docs/reference/content-digest.md).
        stream_bytes: Length of the stream.
        stream_sha256: SHA-256 of the stream, in hexadecimal.
        properties: The values that were set on the image, by property.
    """

    name: str
    snapshot: str
    kind: str
    guid: int
    raw: bool
    digest: str
    stream_bytes: int
    stream_sha256: str
    properties: Mapping[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return the attributes in JSON's types; the guid is text."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        return {**fields, "guid": str(self.guid), "properties": dict(self.properties)}

    def to_json(self) -> str:
        """Write the file, which :func:`parse_manifest` reads."""
        fields = {"format": EXPORT_FORMAT, **self.to_dict(), "guid": self.guid}
        return f"{json.dumps(fields, indent=2)}\n"


_FIELDS = {
    "name": str,
    "snapshot": str,
    "kind": str,
    "guid": int,
    "raw": bool,
    "digest": str,
    "stream_bytes": int,
    "stream_sha256": str,
    "properties": dict,
}


def parse_manifest(text: str, path: str) -> Manifest:
    """Read a manifest, which may come from anywhere.

    Args:
        text: The text of the file.
        path: The file, as messages call it.

    Raises:
        InvalidValue: It has another form, or a key that is not known.
    """
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused(path, "it is no JSON") from None
    if not isinstance(found, dict) or found.get("format") != EXPORT_FORMAT:
        raise _refused(path, f"it is not of format {EXPORT_FORMAT}")
    wrong = sorted(set(found) ^ {"format", *_FIELDS})
    if wrong:
        raise _refused(path, f"the key '{wrong[0]}' is missing or not known")
    for name, kind in _FIELDS.items():
        if type(found[name]) is not kind:
            raise _refused(path, f"'{name}' has a value of the wrong type")
    made = Manifest(**{name: found[name] for name in _FIELDS})
    numbers = (made.guid, made.stream_bytes)
    if made.kind not in _KINDS or not all(0 < number < _MOST for number in numbers):
        raise _refused(path, "its kind, its guid or its length cannot be")
    if not _HEX.fullmatch(made.stream_sha256):
        raise _refused(path, "'stream_sha256' is no SHA-256")
    if not all(isinstance(value, str) for value in made.properties.values()):
        raise _refused(path, "a property has a value that is no text")
    try:
        check_component(made.snapshot)
    except InvalidName as error:
        raise _refused(path, error.message) from None
    return made


def _refused(path: str, reason: str) -> InvalidValue:
    return InvalidValue(f"cannot read manifest '{path}': {reason}")
