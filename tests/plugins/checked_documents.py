"""Each JSON document that the command prints in a test is held against its schema."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from zfstune.cli import output, progress_line
from zfstune.cli.json_document import json_line, json_text
from zfstune.cli.schema import load_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

__all__ = ["check_documents", "faults", "inner_schemas", "strict"]

# The keys by which one schema holds others: by name, in a list, and one.
_NAMED = ("properties", "$defs")
_LISTED = ("anyOf", "oneOf")
_SINGLE = ("items", "additionalProperties")


def strict(schema: Any) -> Any:
    """Return a schema that allows no key which it does not name.

    The schema that ships allows more, so that a reader of today takes the documents of
    tomorrow; here a new key has to be described first.
    """
    if not isinstance(schema, dict):
        return schema
    closed = dict(schema)
    for key in _NAMED:
        if key in schema:
            closed[key] = {name: strict(part) for name, part in schema[key].items()}
    for key in _LISTED:
        if key in schema:
            closed[key] = [strict(part) for part in schema[key]]
    for key in _SINGLE:
        if key in schema:
            closed[key] = strict(schema[key])
    if "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def inner_schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and each that it is made of."""
    if isinstance(schema, dict):
        yield schema
        parts = [part for key in _NAMED for part in schema.get(key, {}).values()]
        parts += [part for key in _LISTED for part in schema.get(key, ())]
        parts += [schema[key] for key in _SINGLE if key in schema]
        for part in parts:
            yield from inner_schemas(part)


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = strict(load_schema(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(text: str) -> list[str]:
    """Give what is wrong with a document, by its schema."""
    document = json.loads(text)
    name = document["format"].removeprefix("zfstune.")
    return [
        f"{fault.json_path}: {fault.message}"
        for fault in _validator(name).iter_errors(document)
    ]


def check_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test in which the command prints a document that its schema does not allow."""

    def checked(write: Callable[[Any], str]) -> Callable[[Any], str]:
        def write_and_check(fields: Any) -> str:
            text = write(fields)
            if "format" in fields:
                found = faults(text)
                assert not found, "; ".join(found)
            return text

        return write_and_check

    monkeypatch.setattr(output, "json_text", checked(json_text))
    monkeypatch.setattr(output, "json_line", checked(json_line))
    monkeypatch.setattr(progress_line, "json_line", checked(json_line))
