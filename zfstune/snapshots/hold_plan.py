"""Plan which snapshots are held by a tag, and which holds end.

Both are safe to repeat: a snapshot that has the tag already, or has it no more, is as it
should be.
"""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.text import comma_list, did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["HoldPlan", "plan_hold", "plan_release"]

# The tags by which zfstune itself keeps snapshots, and what ends each of these holds.
_OWN_TAGS = {
    "zfstune-golden": "zfstune golden retire ends this hold",
    "zfstune-send-": "it ends with the send",
}


@frozen
class HoldPlan:
    """The plan of a hold or a release.

    Attributes:
        tag: The tag.
        change: Full names of the snapshots that get the tag, or lose it.
        already: Those that are as they should be.
        release: Whether the tag ends; otherwise it is set.
    """

    tag: str
    change: tuple[str, ...]
    already: tuple[str, ...] = ()
    release: bool = False

    def __str__(self) -> str:
        return "\n".join(self.lines(would="would "))

    def lines(self, *, would: str = "") -> list[str]:
        """Return a line for each snapshot.

        Args:
            would: Stands before the verb: ``"would "`` where nothing is done.
        """
        verb, already = "hold", "held already"
        if self.release:
            verb, already = "release", f"not held by '{self.tag}'"
        return [
            *(f"{would}{verb} {name}" for name in self.change),
            *(f"{already}: {name}" for name in self.already),
        ]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "tag": self.tag,
            "snapshots": list(self.change),
            "already": list(self.already),
        }


def plan_hold(tag: str, tags_of: Mapping[str, Iterable[str]]) -> HoldPlan:
    """Plan to hold snapshots.

    Args:
        tag: The tag.
        tags_of: Full name of each snapshot, with the tags that it has.

    Raises:
        PlanError: The tag is one of zfstune's own.
    """
    _refuse_own(tag, "hold snapshots by")
    has = {name for name, tags in tags_of.items() if tag in tags}
    return HoldPlan(
        tag,
        tuple(name for name in tags_of if name not in has),
        tuple(name for name in tags_of if name in has),
    )


def plan_release(tag: str, tags_of: Mapping[str, Iterable[str]]) -> HoldPlan:
    """Plan to end holds.

    Args:
        tag: The tag.
        tags_of: Full name of each snapshot, with the tags that it has.

    Raises:
        PlanError: The tag is one of zfstune's own, or no snapshot has it.
    """
    _refuse_own(tag, "release")
    change = tuple(name for name, tags in tags_of.items() if tag in tags)
    if not change:
        known = sorted({found for tags in tags_of.values() for found in tags})
        which = f"the tags there are: {comma_list([shown(found) for found in known])}"
        names = list(tags_of)
        many = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise PlanError(
            f"cannot release '{shown(tag)}': '{names[0]}'{many} "
            f"{'have' if many else 'has'} no such tag",
            hint=did_you_mean(tag, known, which if known else "nothing holds it"),
        )
    others = tuple(name for name in tags_of if name not in change)
    return HoldPlan(tag, change, others, release=True)


def _refuse_own(tag: str, verb: str) -> None:
    for own, hint in _OWN_TAGS.items():
        if tag == own or (own.endswith("-") and tag.startswith(own)):
            raise PlanError(
                f"cannot {verb} '{shown(tag)}': zfstune keeps snapshots by this tag itself",
                hint=hint,
            )
