"""``zfstune schema``: the JSON Schemas of the documents that ``--json`` prints.

The files in schemas/ have the keys of one document each; envelope.json has the keys that
all of them share, and the definitions that they refer to.
"""

from __future__ import annotations

import json
import os

from zfstune.cli import exit_status
from zfstune.cli.json_document import FORMAT_VERSION
from zfstune.cli.output import print_schema
from zfstune.values.errors import InvalidValue
from zfstune.values.text import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments", "load_schema", "schema_names"]

_FOLDER = os.path.join(os.path.dirname(__file__), "schemas")
_SUFFIX = ".json"
_ENVELOPE = "envelope"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/"
# It stands in a line on stderr, and has neither status nor talk.
_BARE = ("progress",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Print the JSON Schema (draft 2020-12) of a document that --json prints, or list "
        "the documents. Each names itself by its key `format`: zfstune.prune is `prune`."
    )
    parser.add_argument(
        "document",
        nargs="?",
        metavar="DOCUMENT",
        help="the words of its verb, joined by dashes, as in policy-set",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.document is not None:
        print_schema(load_schema(args.document.removeprefix("zfstune.")))
        return exit_status.DONE
    names = schema_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:<{width}}  {_read(name)['title']}")
    return exit_status.DONE


def schema_names() -> list[str]:
    """Return the name of each document, which is its format without ``zfstune.``."""
    files = (name for name in os.listdir(_FOLDER) if name.endswith(_SUFFIX))
    return sorted({name.removesuffix(_SUFFIX) for name in files} - {_ENVELOPE})


def load_schema(name: str) -> dict[str, Any]:
    """Return the whole schema of a document, which refers to no other file.

    Raises:
        InvalidValue: There is no such document.
    """
    names = schema_names()
    if name not in names:
        raise InvalidValue(
            f"cannot print schema '{shown(name)}': there is no such document",
            hint=did_you_mean(name, names, "zfstune schema lists them"),
        )
    own, shared = _read(name), _read(_ENVELOPE)
    head: dict[str, Any] = {
        "format": {"const": f"zfstune.{name}"},
        "version": {"const": FORMAT_VERSION},
    }
    if name in _BARE:
        properties = head | own["properties"]
    else:
        before = {"exit_status": shared["properties"]["exit_status"]}
        after = {key: shared["properties"][key] for key in ("notes", "errors")}
        properties = head | before | own["properties"] | after
    kinds = shared["$defs"] | own.get("$defs", {})
    return {
        "$schema": _DIALECT,
        "title": own["title"],
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in own["properties"]]
        + own["required"],
        "$defs": {kind: kinds[kind] for kind in sorted(_referred(properties, kinds))},
    }


def _read(name: str) -> dict[str, Any]:
    """Read a file of the folder."""
    with open(os.path.join(_FOLDER, name + _SUFFIX), encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found


def _referred(schema: object, kinds: dict[str, Any]) -> set[str]:
    """Return the definitions that a schema refers to, by way of others too."""
    found: set[str] = set()
    left = [schema]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                kind = reference.removeprefix(_REFERENCE)
                if kind not in found:
                    found.add(kind)
                    left.append(kinds[kind])
            left += part.values()
        elif isinstance(part, list):
            left += part
    return found
