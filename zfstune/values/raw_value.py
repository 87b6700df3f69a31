"""A property's value as the kernel has it: a number, or text."""

from __future__ import annotations

from zfstune.values.properties import find
from zfstune.values.property_table import STRING
from zfstune.values.size import MAX_SIZE

__all__ = ["to_raw"]


def to_raw(name: str, text: str) -> int | str:
    """Write a value as the kernel has it, unchecked.

    Args:
        name: The property.
        text: The value as :func:`zfstune.values.properties.to_text` writes it.
    """
    prop = find(name)
    if prop is None or prop.type == STRING:
        return text
    if text in prop.words:
        return prop.words[text]
    return MAX_SIZE if text in {"none", "auto"} else int(text)
