"""A validator of JSON Schema, as far as the words go that zfstune's schema uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def faults(schema: dict[str, Any], value: object, where: str = "") -> Iterator[str]:
    """Validate by a JSON Schema, as far as the words of it that are used here go."""
    known = {"type", "properties", "required", "additionalProperties", "pattern", "enum"}
    known |= {"items", "minItems", "minLength", "anyOf", "patternProperties"}
    known |= {"propertyNames", "description", "title", "$schema"}
    assert schema.keys() <= known
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool}
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        yield f"{where}: not of type {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of them"
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            yield f"{where}: {value!r} does not match"
        if len(value) < schema.get("minLength", 0):
            yield f"{where}: too short"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where}: too few"
        for number, item in enumerate(value):
            yield from faults(schema["items"], item, f"{where}/{number}")
    if isinstance(value, dict):
        yield from faults_of_table(schema, value, where)
    if "anyOf" in schema and all(any(faults(s, value)) for s in schema["anyOf"]):
        yield f"{where}: none of the choices fits"


def faults_of_table(
    schema: dict[str, Any], value: dict[str, Any], where: str
) -> Iterator[str]:
    """Validate the keys of an object and their values."""
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: no {name}"
    others = schema.get("additionalProperties", True)
    for name, item in value.items():
        spot = f"{where}/{name}"
        yield from faults(schema.get("propertyNames", {}), name, spot)
        named = (
            [schema.get("properties", {})[name]]
            if name in schema.get("properties", {})
            else [
                s
                for p, s in schema.get("patternProperties", {}).items()
                if re.search(p, name)
            ]
        )
        for each in named:
            yield from faults(each, item, spot)
        if not named and others is False:
            yield f"{spot}: unknown"
        if not named and isinstance(others, dict):
            yield from faults(others, item, spot)
