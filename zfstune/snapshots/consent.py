"""Consent to losses: nothing is lost unless the caller has said the word for it."""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.text import comma_list, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["check_consent", "without_consent"]

_MOST_NAMED = 3  # of each kind in a message; the plan names all


def check_consent(
    refused: str,
    losses: Mapping[str, Sequence[str]],
    lose: Iterable[str],
    known: Collection[str],
) -> None:
    """Refuse to go on while a loss lacks consent.

    Args:
        refused: The verb and its target for the error, as in "drop checkpoint 'x'".
        losses: Names of snapshots and the like that would be lost, by the word that
            consents.
        lose: The words that the caller gave.
        known: All words that exist.

    Raises:
        PlanError: A loss lacks consent: its ``losses`` name each, and its message the
            first of each kind.
    """
    words = set(lose)
    unknown = words.difference(known)
    if unknown:
        raise PlanError(
            f"cannot consent to lose '{shown(min(unknown))}'",
            hint=f"the words that consent are {', '.join(known)}",
        )
    missing = without_consent(losses, words)
    if missing:
        lost = "; ".join(
            f"{word}: {comma_list(names, most=_MOST_NAMED)}"
            for word, names in missing.items()
        )
        raise PlanError(
            f"cannot {refused}: this would be lost: {lost}",
            hint="dry_run=True returns the plan; to lose that all the same, give "
            f"lose={[word for word in known if word in words or word in missing]}",
            losses=missing,
        )


def without_consent(
    losses: Mapping[str, Sequence[str]], lose: Iterable[str]
) -> dict[str, Sequence[str]]:
    """Return the losses that the caller's words do not consent to."""
    words = set(lose)
    return {word: names for word, names in losses.items() if word not in words}
