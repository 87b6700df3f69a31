"""Consent to losses: nothing is lost unless the caller has said the word for it."""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.text import comma_list, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["check_consent", "without_consent"]


def check_consent(
    refused: str,
    losses: Mapping[str, Sequence[str]],
    lose: Iterable[str],
    known: Iterable[str],
) -> None:
    """Refuse to go on while a loss lacks consent.

    Args:
        refused: The verb and its target for the error, as in "drop checkpoint 'x'".
        losses: Names of snapshots and the like that would be lost, by the word that
            consents.
        lose: The words that the caller gave.
        known: All words that exist.

    Raises:
        PlanError: A loss lacks consent: it names each, and the flags that consent.
    """
    words = set(lose)
    unknown = words.difference(known)
    if unknown:
        raise PlanError(
            f"cannot consent to lose '{shown(min(unknown))}'",
            hint=f"the words of --lose are {', '.join(known)}",
        )
    missing = without_consent(losses, words)
    if missing:
        lost = "; ".join(f"{word}: {comma_list(names)}" for word, names in missing.items())
        flags = " ".join(f"--lose {word}" for word in missing)
        raise PlanError(
            f"cannot {refused}: this would be lost: {lost}",
            hint=f"check the plan with -n; to lose that all the same, add {flags}",
        )


def without_consent(
    losses: Mapping[str, Sequence[str]], lose: Iterable[str]
) -> dict[str, Sequence[str]]:
    """Return the losses that the caller's words do not consent to."""
    words = set(lose)
    return {word: names for word, names in losses.items() if word not in words}
