"""The findings of verify: values that the command prints and programs read."""

from __future__ import annotations

from zfstune.values.frozen import frozen, replace

__all__ = [
    "DAMAGED",
    "NOTICES",
    "OK",
    "STATES",
    "Finding",
    "Verdict",
    "remedied_elsewhere",
]

OK = "ok"
DAMAGED = "damaged"
# The states of a pool or a dataset, the worst first.
STATES = (
    "suspended",
    DAMAGED,
    "missing",
    "unhealthy",
    "key-not-loaded",
    "unmounted",
    "drift-local",
    "drift-inherited",
    "wrong-owner",
    "stale-mount",
    "not-exported",
    "endangered-base",
    "not-inert",
    "torn-snapshots",
    "stale-snapshots",
    "stale-replica",
    "unkept-snapshots",
    "low-on-space",
    "stale-blocks",
    "unseen",
    "awaited-owner",
    "unsupported",
    "overridden",
    "leftover",
    OK,
)
# States that ask for no action: somebody wanted it so, or this pool cannot have it
# better, this user may not look at it, the package whose user is to own it is not
# installed yet, or the next change on the pool removes it.
NOTICES = frozenset(
    {"unseen", "awaited-owner", "unsupported", "overridden", "leftover", OK}
)


@frozen
class Finding:
    """One thing that is not as it should be.

    Attributes:
        state: One of :data:`STATES`.
        note: One sentence without a final period.
        hint: The remedy; may be empty.
        about: The property in question; empty: it is about no property.
        expected: The property's canonical value as it should be; None: unset.
        found: The property's canonical value in force; None: unset.
        source: The source of the value in force: ``local``, ``inherited``, ``received``
            or ``default``; empty where it is about no property.
        origin: The dataset that an inherited value was set on.
    """

    state: str
    note: str
    hint: str = ""
    about: str = ""
    expected: str | None = None
    found: str | None = None
    source: str = ""
    origin: str = ""

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about it."""
        return self.state not in NOTICES

    def to_dict(self) -> dict[str, object]:
        """Return the finding in JSON's types; `about` is called ``property`` there."""
        return {
            "state": self.state,
            "note": self.note,
            "hint": self.hint or None,
            "property": self.about or None,
            "expected": self.expected,
            "found": self.found,
            "source": self.source or None,
            "origin": self.origin or None,
        }


@frozen
class Verdict:
    """All findings about one pool or dataset.

    Attributes:
        name: Full name.
        findings: The findings, the worst first.
        profiles: The profiles that a dataset is managed by, or should be.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    profiles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.findings, key=lambda f: STATES.index(f.state))
        object.__setattr__(self, "findings", tuple(ordered))

    @property
    def state(self) -> str:
        """The worst state of its findings; ``ok`` without a finding."""
        return self.findings[0].state if self.findings else OK

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about it."""
        return any(finding.pending for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """Return the verdict in JSON's types."""
        return {
            "name": self.name,
            "state": self.state,
            "pending": self.pending,
            "profiles": list(self.profiles),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def remedied_elsewhere(verdict: Verdict) -> Verdict:
    """Return a verdict on a dataset of an image, to which the zfs command has no way."""
    return replace(
        verdict,
        findings=tuple(
            replace(f, hint=f"on a host that has imported this pool: {f.hint}")
            if f.hint.startswith(("zfs ", "zpool "))
            else f
            for f in verdict.findings
        ),
    )
