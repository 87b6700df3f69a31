"""A JSON Schema for profiles, so that editors can complete and check them.

The schema is made from the table of properties, so that it cannot fall behind. The reader
in :mod:`zfstune.profiles.profile_file` checks more: a schema cannot tell which sizes and
combinations make sense.
"""

from __future__ import annotations

from zfstune.profiles.pool_rules import FACTS
from zfstune.values.properties import TABLE
from zfstune.values.property_table import INDEX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.property_table import Property

__all__ = ["profile_schema"]

_WORD = "^[a-z0-9][a-z0-9-]{0,63}$"
_EVERY = "^(none|([0-9]{1,2}[mh]|hourly|daily|weekly|monthly)(@([0-9]{2})?:[0-9]{2})?)$"
_PATH = "^[A-Za-z0-9_.: -]+(/[A-Za-z0-9_.: -]+)*$"


def profile_schema() -> dict[str, object]:
    """Return the schema, as JSON takes it (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zfstune profile",
        "description": "The datasets that a workload needs, with properties and reasons.",
        **_table(
            {
                "name": {"type": "string", "pattern": _WORD},
                "summary": _text("One line."),
                "advice": _text("Settings of the application itself that go with it."),
                "needs": _table(
                    {
                        "openzfs": {
                            "type": "string",
                            "pattern": r"^[0-9]+(\.[0-9]+){0,2}$",
                        },
                        "why": _text("The reason, in one or two honest sentences."),
                        "source": _text("The source of that reason."),
                    },
                    required=("openzfs", "why", "source"),
                ),
                "extends": _text("A profile that zfstune ships, to start from."),
                "dataset": {"type": "array", "items": _dataset(), "minItems": 1},
                "variant": {
                    "type": "object",
                    "propertyNames": {"pattern": _WORD},
                    "additionalProperties": _variant(),
                },
            },
            required=("name", "summary"),
        ),
        "anyOf": [{"required": ["dataset"]}, {"required": ["extends"]}],
    }


def _dataset() -> dict[str, object]:
    return _table(
        {
            "path": {"type": "string", "pattern": _PATH},
            "owner": _text("User who owns the mounted directory."),
            "group": _text("Group of the mounted directory."),
            "mode": {"type": "string", "pattern": "^[0-7]+$"},
            "snapshots": _table(
                {
                    "every": {"type": "string", "pattern": _EVERY},
                    "keep": _text("The policy, as `zfstune policy set` takes it."),
                    "why": _text("The reason, in one or two honest sentences."),
                    "source": _text("The source of that reason."),
                    "disagrees": _text("A source that says otherwise, and its words."),
                },
                required=("every", "why", "source"),
            ),
            "properties": _properties(plain=False),
        },
        required=("path",),
    )


def _variant() -> dict[str, object]:
    return _table(
        {
            "summary": _text("One line."),
            "source": _text("The source of values that name none of their own."),
            "only": {
                "type": "boolean",
                "description": "Whether it has only the datasets and values that it names.",
            },
            "dataset": {
                "type": "object",
                "description": "Paths of the profile's datasets, with new values.",
                "additionalProperties": _properties(plain=True),
            },
        },
        required=("summary", "dataset"),
    )


def _properties(*, plain: bool) -> dict[str, object]:
    """Describe a table of properties; `plain`: values may stand without a reason."""
    known = {
        name: _setting(_values(prop), plain=plain)
        for name, prop in sorted(TABLE.items())
        if "filesystem" in prop.kinds
        and not (prop.readonly or prop.hidden or name == "mountpoint")
    }
    return {
        "type": "object",
        "properties": known,
        "patternProperties": {"^[a-z0-9_.-]*:": _setting(_text("Any text."), plain=plain)},
        "additionalProperties": False,
    }


def _values(prop: Property) -> dict[str, object]:
    if prop.name == "canmount":
        return {"enum": ["off"]}
    if prop.type == INDEX:
        return {"enum": list(prop.words)}
    return {"type": "string", "minLength": 1}


def _setting(value: dict[str, object], *, plain: bool) -> dict[str, object]:
    required = ("value", "why") if plain else ("value", "why", "source")
    argued = _table(
        {
            "value": value,
            "why": _text("The reason, in one or two honest sentences."),
            "source": _text("A URL, or the file of OpenZFS that says so."),
            "disagrees": _text("A source that says otherwise, and its words."),
            "where": {"type": "array", "items": _rule(value)},
        },
        required=required,
    )
    return {"anyOf": [value, argued]} if plain else argued


def _rule(value: dict[str, object]) -> dict[str, object]:
    return _table(
        {
            "pool": {
                "enum": list(FACTS),
                "description": "A fact of the pool; the first rule that fits counts.",
            },
            "value": value,
            "why": _text("The reason, in one or two honest sentences."),
            "source": _text("The source, if it is not that of the value."),
        },
        required=("pool", "value", "why"),
    )


def _table(
    properties: dict[str, object], *, required: tuple[str, ...]
) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _text(description: str) -> dict[str, object]:
    return {"type": "string", "minLength": 1, "description": description}
