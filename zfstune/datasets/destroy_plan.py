"""Plan what is destroyed with datasets and snapshots, and name all of it.

A dataset goes with those below it and with all of their snapshots. A clone of one of
these snapshots goes before it, with all that hangs on the clone in turn.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from zfstune.snapshots.consent import check_consent
from zfstune.snapshots.lost_bases import BASES, lost_by_destroying, lost_with_dataset
from zfstune.snapshots.rewind_plan import clones_of, is_held
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import GOLDEN_PROPERTY
from zfstune.values.names import parent_of
from zfstune.values.size import format_size
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from zfstune.values.state import Bookmark, Dataset, Snapshot

__all__ = [
    "DESTROY_LOSSES",
    "DestroyPlan",
    "SeenPool",
    "Victim",
    "make_destroy",
    "victims_of",
]

# The words that consent to what is destroyed.
DESTROY_LOSSES = ("datasets", "snapshots", "clones", BASES)


@frozen
class SeenPool:
    """What was read of a pool for a plan.

    Attributes:
        datasets: All datasets, by name.
        snapshots: The snapshots of each dataset that may go, with their properties.
        bookmarks: The bookmarks of each dataset that may go.
        paths: The place where each mounted dataset is mounted.
    """

    datasets: Mapping[str, Dataset]
    snapshots: Mapping[str, Sequence[Snapshot]]
    bookmarks: Mapping[str, Collection[Bookmark]]
    paths: Mapping[str, str]


@frozen
class Victim:
    """A dataset that is to be destroyed.

    Attributes:
        name: Its name.
        kind: ``filesystem`` or ``volume``.
        snapshots: Full names of its snapshots.
        used_bytes: The space that it takes with its snapshots.
        path: The place where it is mounted; empty: it is not mounted.
        origin: The snapshot that it is a clone of, where it goes for that reason alone.
    """

    name: str
    kind: str
    snapshots: tuple[str, ...] = ()
    used_bytes: int = 0
    path: str = ""
    origin: str = ""

    def line(self) -> str:
        """Return its name, and what there is to say of it."""
        facts = [self.kind]
        if self.origin:
            facts.insert(0, f"clone of {self.origin}")
        if self.path:
            facts.append(f"mounted at {shown(self.path)}")
        facts.append(format_size(self.used_bytes, exact=False))
        return f"{self.name}  ({', '.join(facts)})"


@frozen
class DestroyPlan:
    """The plan of destroying datasets and snapshots.

    Attributes:
        named: The names that were asked for.
        victims: The datasets, in the order in which they go.
        snapshots: Full names of snapshots whose datasets stay.
        bases: Those whose next stream would lose what it begins with.
    """

    named: tuple[str, ...]
    victims: tuple[Victim, ...] = ()
    snapshots: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()

    @property
    def losses(self) -> dict[str, list[str]]:
        """Names of all that goes, by the word that consents to it."""
        losses = {
            "datasets": [v.name for v in self.victims if not v.origin],
            "snapshots": [
                *(name for victim in self.victims for name in victim.snapshots),
                *self.snapshots,
            ],
            "clones": [v.name for v in self.victims if v.origin],
            BASES: list(self.bases),
        }
        return {word: names for word, names in losses.items() if names}

    def check(self, lose: Iterable[str]) -> None:
        """Refuse to go on while a loss lacks consent: see :func:`check_consent`.

        Args:
            lose: Words of :data:`DESTROY_LOSSES`.
        """
        names = "', '".join(self.named)
        check_consent(f"destroy '{names}'", self.losses, lose, DESTROY_LOSSES)

    def __str__(self) -> str:
        return "\n".join(self.lines(would="would "))

    def lines(self, *, would: str = "") -> list[str]:
        """Return the plan for people.

        Args:
            would: Stands before each verb: ``"would "`` where nothing is done.
        """
        lines = []
        for victim in self.victims:
            lines.append(f"{would}destroy {victim.line()}")
            lines += [f"  {would}destroy {name}" for name in victim.snapshots]
        lines += [f"{would}destroy {name}" for name in self.snapshots]
        return [*lines, *(f"{would}lose a base: {base}" for base in self.bases)]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "named": list(self.named),
            "datasets": [
                {
                    "name": victim.name,
                    "kind": victim.kind,
                    "snapshots": list(victim.snapshots),
                    "used_bytes": victim.used_bytes,
                    "mounted": victim.path or None,
                    "clone_of": victim.origin or None,
                }
                for victim in self.victims
            ],
            "snapshots": list(self.snapshots),
            "bases": list(self.bases),
            "losses": self.losses,
        }


def victims_of(roots: Iterable[str], datasets: Iterable[str]) -> set[str]:
    """Return the names of datasets and of all below them.

    Args:
        roots: Names of datasets.
        datasets: The names of all datasets.
    """
    tops = [f"{root}/" for root in roots]
    return {name for name in datasets if any(f"{name}/".startswith(t) for t in tops)}


def make_destroy(
    named: Sequence[str], snapshots: Sequence[Snapshot], seen: SeenPool
) -> DestroyPlan:
    """Plan what is destroyed.

    Args:
        named: Names of the datasets and snapshots that were asked for.
        snapshots: The single snapshots among them, and those of their names below, with
            their properties.
        seen: The pool; it has the snapshots and bookmarks of each dataset that may go.

    Raises:
        PlanError: Something that would have to go cannot.
    """
    roots = [name for name in named if "@" not in name]
    for name in roots:
        if parent_of(name) is None:
            raise _refused(
                name, "it is the pool itself", f"zpool destroy {for_shell(name)}"
            )
    inside = victims_of(roots, seen.datasets)
    single = [s for s in snapshots if s.dataset not in inside]
    origins = _clones_of(single, inside, seen)
    going = {*inside, *origins}
    for name in sorted(going):
        _check(name, seen)
    for snapshot in (*single, *(s for n in going for s in seen.snapshots.get(n, ()))):
        _refuse_held(snapshot)
    victims = [_victim(name, origins.get(name, ""), seen) for name in _ordered(going, seen)]
    return DestroyPlan(
        named=tuple(named),
        victims=tuple(victims),
        snapshots=tuple(s.name for s in single if s.dataset not in going),
        bases=tuple(_bases(sorted(going), single, seen)),
    )


def _clones_of(
    single: Iterable[Snapshot], inside: set[str], seen: SeenPool
) -> dict[str, str]:
    """Find what hangs on the snapshots that go: clones, with all below, and so on.

    Returns:
        Each dataset that goes for that reason, and the snapshot that it hangs on.
    """
    found: dict[str, str] = {}
    left = [*single, *(s for name in inside for s in seen.snapshots.get(name, ()))]
    while left:
        snapshot = left.pop()
        for clone in clones_of(snapshot):
            for name in sorted(victims_of([clone], seen.datasets)):
                if name not in inside and name not in found:
                    found[name] = snapshot.name
                    left += seen.snapshots.get(name, ())
    return found


def _check(name: str, seen: SeenPool) -> None:
    """Refuse what no consent lets go."""
    if seen.paths.get(name) == "/":
        raise _refused(
            name, "this system runs from it", "boot another environment, or promote a clone"
        )
    if seen.datasets[name].local(GOLDEN_PROPERTY) is not None:
        raise _refused(
            name, "it is a golden image", f"zfstune golden retire {for_shell(name)}"
        )


def _refuse_held(snapshot: Snapshot) -> None:
    if is_held(snapshot):
        raise _refused(
            snapshot.name,
            "it is held",
            f"`zfs holds {for_shell(snapshot.name)}` shows the tags, and zfstune release "
            "ends a hold",
        )


def _ordered(going: set[str], seen: SeenPool) -> tuple[str, ...]:
    """Return the datasets in an order in which they can go: clones and children first."""
    before: dict[str, set[str]] = {name: set() for name in sorted(going)}
    for name, earlier in before.items():
        parent = parent_of(name)
        if parent in before:
            before[parent].add(name)
        for snapshot in seen.snapshots.get(name, ()):
            earlier.update(clones_of(snapshot))
    # Sorted, since a plan that is shown and one that is run name all in the same order.
    graph = {name: sorted(earlier) for name, earlier in before.items()}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        first, second = sorted(set(error.args[1]))[:2]
        raise _refused(
            first,
            f"it and '{second}' hang on each other, as clone and as parent",
            f"zfs promote {for_shell(second)}",
        ) from None


def _victim(name: str, origin: str, seen: SeenPool) -> Victim:
    dataset = seen.datasets[name]
    return Victim(
        name=name,
        kind=dataset.kind,
        snapshots=tuple(s.name for s in seen.snapshots.get(name, ())),
        used_bytes=int(dataset.value("usedbydataset") or 0)
        + int(dataset.value("usedbysnapshots") or 0),
        path=seen.paths.get(name, ""),
        origin=origin,
    )


def _bases(
    going: Iterable[str], single: Iterable[Snapshot], seen: SeenPool
) -> Iterator[str]:
    """Yield those whose next stream would lack its base."""
    for name in going:
        yield from lost_with_dataset(seen.datasets[name], seen.bookmarks.get(name, ()))
    touched: dict[str, set[str]] = {}
    for snapshot in single:
        if snapshot.dataset not in going:
            touched.setdefault(snapshot.dataset, set()).add(snapshot.name)
    for name, victims in touched.items():
        yield from lost_by_destroying(
            seen.datasets[name],
            seen.snapshots.get(name, ()),
            seen.bookmarks.get(name, ()),
            victims,
        )


def _refused(name: str, reason: str, hint: str = "") -> PlanError:
    return PlanError(f"cannot destroy '{name}': {reason}", hint=hint)
