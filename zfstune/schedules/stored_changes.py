"""What the properties of datasets are to say of their schedules, where they do not yet."""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.marks import (
    REPLICATE_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["StoredChanges"]


@frozen
class StoredChanges:
    """The values that datasets are to get; an empty text stands for one that goes.

    Attributes:
        schedules: The schedule by dataset.
        targets: The targets by dataset.
        options: The options by dataset that these are sent with.
    """

    schedules: Mapping[str, str]
    targets: Mapping[str, str]
    options: Mapping[str, str]

    def lines(self, prefix: str = "") -> Iterator[str]:
        """Yield the changes for people."""
        for prop, values in (
            (SCHEDULE_PROPERTY, self.schedules),
            (REPLICATE_PROPERTY, self.targets),
            (REPLICATE_WITH_PROPERTY, self.options),
        ):
            for dataset, text in values.items():
                verb = f"set {prop}={text}" if text else f"inherit {prop}"
                yield f"{prefix}{verb} on {dataset}"

    def to_dict(self) -> dict[str, object]:
        """Return the changes in JSON's types."""
        return {
            "schedules": [{"dataset": n, "every": t} for n, t in self.schedules.items()],
            "targets": [
                {"dataset": n, "replicate_to": t or None} for n, t in self.targets.items()
            ],
            "options": [
                {"dataset": n, "replicate_with": t or None} for n, t in self.options.items()
            ],
        }
