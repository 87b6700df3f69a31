"""Plan how a golden image is retired and, once no clone is left, destroyed."""

from __future__ import annotations

from zfstune.clones.seal import HOLD_TAG
from zfstune.snapshots.consent import check_consent
from zfstune.snapshots.rewind_plan import clones_of
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zfstune.clones.seal import GoldenImage
    from zfstune.values.state import Snapshot

__all__ = ["RETIRE_LOSSES", "RetirePlan", "plan_retire"]

# The words that consent to a loss by retiring an image.
RETIRE_LOSSES = ("image", "snapshots")


@frozen
class RetirePlan:
    """The plan of retiring an image.

    Attributes:
        image: The image.
        mark: It still has to be marked as retired.
        clones: Names of the clones that keep it.
        release: The snapshot whose hold of zfstune's ends first; empty: there is none.
        sealed: Its sealed snapshot; empty: it is gone.
        others: Full names of its other snapshots.
        destroy: Destroy it: no clone is left, and the caller consents.
    """

    image: str
    mark: bool
    clones: tuple[str, ...]
    release: str
    sealed: str
    others: tuple[str, ...]
    destroy: bool

    @property
    def losses(self) -> dict[str, list[str]]:
        """Names of what destroying it would take, by the word that consents."""
        losses = {"image": [self.image], "snapshots": list(self.others)}
        return {word: names for word, names in losses.items() if names}

    @property
    def victims(self) -> tuple[str, ...]:
        """Full names of what is destroyed, in this order."""
        if not self.destroy:
            return ()
        return (*self.others, *filter(None, (self.sealed,)), self.image)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Say it for people."""
        lines = [f"retire {self.image}: no clone is stamped from it"] if self.mark else []
        lines += [f"destroy {name}" for name in self.victims]
        lines += [f"kept by its clone {name}" for name in self.clones]
        if not self.clones and not self.destroy:
            words = " ".join(f"--lose {word}" for word in self.losses)
            name = for_shell(self.image)
            lines.append(
                f"no clone is left; to destroy it: zfstune golden retire {name} {words}"
            )
        return lines

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "image": self.image,
            "mark": self.mark,
            "clones": list(self.clones),
            "destroy": list(self.victims),
            "losses": self.losses,
        }


def plan_retire(
    image: GoldenImage,
    snapshots: Sequence[Snapshot],
    holds: Mapping[str, Iterable[str]],
    *,
    lose: Sequence[str],
    below: Sequence[str],
    system: bool,
) -> RetirePlan:
    """Plan to retire an image.

    Args:
        image: The image.
        snapshots: All snapshots of its dataset, with their properties.
        holds: Full name of each held snapshot, with the tags.
        lose: The words of :data:`RETIRE_LOSSES` that the caller consents to.
        below: Names of the datasets below it.
        system: This system runs from it.

    Raises:
        PlanError: It is to be destroyed, and something is in the way, or a loss lacks
            consent. It is not marked as retired then either.
    """
    clones = tuple(sorted({name for s in snapshots for name in clones_of(s)}))
    plan = RetirePlan(
        image=image.name,
        mark=not image.seal.retired,
        clones=clones,
        release=image.snapshot if image.held else "",
        sealed=image.snapshot,
        others=tuple(s.name for s in snapshots if s.name != image.snapshot),
        destroy=bool(lose) and not clones,
    )
    check_consent(
        f"destroy '{image.name}'", plan.losses if plan.destroy else {}, lose, RETIRE_LOSSES
    )
    if plan.destroy:
        _check_alone(image, holds, below, system=system)
    return plan


def _check_alone(
    image: GoldenImage,
    holds: Mapping[str, Iterable[str]],
    below: Sequence[str],
    *,
    system: bool,
) -> None:
    """Refuse to destroy an image that something else hangs on."""
    if system:
        raise _refused(image, "this system runs from it")
    if below:
        raise _refused(image, f"'{below[0]}' lies below it")
    for name, tags in holds.items():
        others = [tag for tag in tags if (name, tag) != (image.snapshot, HOLD_TAG)]
        if others:
            raise _refused(image, f"'{name}' is held by '{others[0]}'")


def _refused(image: GoldenImage, reason: str) -> PlanError:
    return PlanError(f"cannot destroy '{image.name}': {reason}")
