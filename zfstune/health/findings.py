"""What verifying found: values that the command prints and programs read."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DAMAGED", "NOTICES", "STATES", "Finding", "Verdict", "Verification"]

OK = "ok"
DAMAGED = "damaged"
# Each state a pool or a dataset may be in, the worst first.
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
    "torn-snapshots",
    "stale-snapshots",
    "unkept-snapshots",
    "low-on-space",
    "stale-blocks",
    "unseen",
    "unsupported",
    "overridden",
    OK,
)
# What is as somebody wanted it, or as good as this pool can have it; and what this
# user may not look at.
NOTICES = frozenset({"unseen", "unsupported", "overridden", OK})


@frozen
class Finding:
    """One thing that is not as it was to be.

    Attributes:
        state: One of :data:`STATES`.
        note: One sentence without a final period.
        hint: What to do; may be empty.
        about: The property that it is about; empty where it is about none.
        expected: Its canonical value as it was to be, None: none.
        found: Its canonical value in force, None: none.
        source: Where that comes from: ``local``, ``inherited``, ``received`` or
            ``default``; empty where there is no property.
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
        """Give the finding as JSON takes it: `about` is called ``property`` there."""
        return {
            "state": self.state,
            "note": self.note,
            "hint": self.hint,
            "property": self.about or None,
            "expected": self.expected,
            "found": self.found,
            "source": self.source or None,
            "origin": self.origin or None,
        }


@frozen
class Verdict:
    """What was found of one pool or dataset.

    Attributes:
        name: Full name.
        findings: The worst first.
        profiles: Those that a dataset is managed by, or should be.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    profiles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.findings, key=lambda f: STATES.index(f.state))
        object.__setattr__(self, "findings", tuple(ordered))

    @property
    def state(self) -> str:
        """The worst of its states, ``ok`` where nothing was found."""
        return self.findings[0].state if self.findings else OK

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about it."""
        return any(finding.pending for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """Give the verdict as JSON takes it."""
        return {
            "name": self.name,
            "state": self.state,
            "pending": self.pending,
            "profiles": list(self.profiles),
            "findings": [finding.to_dict() for finding in self.findings],
        }


@frozen
class Verification:
    """What was found of pools and the datasets in them.

    Attributes:
        pools: Those looked at, by name.
        datasets: Those looked at, parents before children.
    """

    pools: tuple[Verdict, ...]
    datasets: tuple[Verdict, ...]

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about any of it."""
        return any(verdict.pending for verdict in self)

    @property
    def damaged(self) -> bool:
        """Whether something could not be looked at: it cannot be read."""
        return any(verdict.state == DAMAGED for verdict in self)

    def __iter__(self) -> Iterator[Verdict]:
        """Give pools first, then datasets."""
        yield from self.pools
        yield from self.datasets

    def to_dict(self) -> dict[str, object]:
        """Give all as JSON takes it.

        Keys: ``pending``; ``pools`` and ``datasets``, each a list with ``name``,
        ``state``, ``pending``, ``profiles`` and ``findings`` (``state``, ``note``,
        ``hint``, ``property``, ``expected``, ``found``, ``source``, ``origin``).
        """
        return {
            "pending": self.pending,
            "pools": [verdict.to_dict() for verdict in self.pools],
            "datasets": [verdict.to_dict() for verdict in self.datasets],
        }
