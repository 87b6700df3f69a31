"""Plan clones of one snapshot: which are new, which are there, and what forbids them."""

from __future__ import annotations

from itertools import pairwise

from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.properties import DEFAULT_LIMITS, check
from zfstune.values.property_rules import cannot_set
from zfstune.values.text import making_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zfstune.values.properties import Limits
    from zfstune.values.state import Dataset

__all__ = [
    "ENCRYPTION",
    "PLACE",
    "ClonePlan",
    "check_choices",
    "check_places",
    "make_clone_plan",
    "mountpoint_of",
    "properties_of",
]

# In a mountpoint it stands for the last part of the clone's name.
PLACE = "{}"

ENCRYPTION = frozenset({"encryption", "keyformat", "keylocation", "pbkdf2iters"})


@frozen
class ClonePlan:
    """The plan of making clones of one snapshot.

    Attributes:
        snapshot: The snapshot.
        kind: ``filesystem`` or ``volume``.
        new: Names of the clones to make.
        there: Names of the clones of this snapshot that are there already.
        properties: Property to value, to set on each new clone; ``mountpoint`` may hold
            :data:`PLACE`.
    """

    snapshot: str
    kind: str
    new: tuple[str, ...]
    there: tuple[str, ...]
    properties: Mapping[str, str]

    def properties_of(self, name: str) -> dict[str, str]:
        """Return the properties to set on one new clone."""
        return properties_of(name, self.properties)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Say it for people, a line for each clone."""
        return [
            *map(self.line_of, self.new),
            *(f"{name} is there already" for name in self.there),
        ]

    def line_of(self, name: str) -> str:
        """Say for people that one new clone is made."""
        pairs = " ".join(f"{n}={value}" for n, value in self.properties_of(name).items())
        how = f" ({pairs})" if pairs else ""
        return f"clone {self.snapshot} as {name}{how}"

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "snapshot": self.snapshot,
            "new": list(self.new),
            "there": list(self.there),
            "properties": dict(self.properties),
        }


def make_clone_plan(
    snapshot: str,
    kind: str,
    names: Sequence[str],
    *,
    there: Mapping[str, Dataset],
    properties: Mapping[str, str],
    limits: Limits = DEFAULT_LIMITS,
) -> ClonePlan:
    """Plan clones; all names are judged before the first clone is made.

    Args:
        snapshot: The snapshot, which exists.
        kind: The kind of its dataset.
        names: Full names of the clones.
        there: Those of the names, and of the datasets right above them, that exist.
        properties: Property to value, to set on each new clone.
        limits: The limits of the running release.

    Raises:
        PlanError: Something else has one of the names, or there is nothing above it; the
            error lists all of these names.
        InvalidName: A name cannot be one.
        InvalidProperty: A property cannot be set on a clone.
        InvalidValue: No name was given, or several clones would have one mountpoint.
    """
    if not names:
        raise InvalidValue(f"cannot clone '{snapshot}': no name was given")
    check_choices(properties, kind, limits)
    check_places(f"cannot clone '{snapshot}'", names, properties)
    faults = []
    for name in dict.fromkeys(names):
        check_dataset(name, creating=True)
        fault = _fault(snapshot, name, there)
        if fault:
            faults.append(fault)
    if faults:
        message = f"cannot clone '{snapshot}': {'; '.join(faults)}"
        raise PlanError(
            message, hint="nothing was made; " + _way_out(snapshot, names, there)
        )
    made = {name for name in names if name in there}
    return ClonePlan(
        snapshot=snapshot,
        kind=kind,
        new=tuple(name for name in dict.fromkeys(names) if name not in made),
        there=tuple(name for name in dict.fromkeys(names) if name in made),
        properties=properties,
    )


def properties_of(name: str, properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of one clone, of a choice for all of them."""
    own = dict(properties)
    if "mountpoint" in own:
        own["mountpoint"] = mountpoint_of(name, own["mountpoint"])
    return own


def mountpoint_of(name: str, mountpoint: str) -> str:
    """Return the mountpoint of one clone, of a choice for all of them."""
    return mountpoint.replace(PLACE, name.rpartition("/")[2])


def check_places(refused: str, names: Sequence[str], properties: Mapping[str, str]) -> None:
    """Refuse to mount several clones at one place.

    Args:
        refused: The beginning of the error.
        names: Full names of the clones.
        properties: The choice for all of them.

    Raises:
        InvalidValue: They would have one mountpoint.
    """
    mountpoint = properties.get("mountpoint", "")
    places = {mountpoint_of(name, mountpoint) for name in names}
    if mountpoint.startswith("/") and len(places) < len(set(names)):
        fixed = mountpoint.replace(PLACE, "").rstrip("/")
        hint = f"{PLACE} stands for the last part of each name: {fixed}/{PLACE}"
        if PLACE in mountpoint:
            hint = f"{PLACE} stands for the last part of each name, and some are alike"
        shared = _shared(names, mountpoint)
        reason = f"several clones cannot be mounted at '{shared}'"
        raise InvalidValue(f"{refused}: {reason}", hint=hint)


def _shared(names: Sequence[str], mountpoint: str) -> str:
    """Return the first mountpoint that several clones would have."""
    places = sorted(mountpoint_of(name, mountpoint) for name in set(names))
    return next(a for a, b in pairwise(places) if a == b)


def check_choices(properties: Mapping[str, str], kind: str, limits: Limits) -> None:
    """Refuse properties that a clone cannot be given.

    Raises:
        InvalidProperty: One is zfstune's own, its origin's, or not valid.
    """
    for name in properties:
        if name.startswith(OWN_PREFIX):
            raise cannot_set(name, None, "zfstune alone writes it")
        if name in ENCRYPTION:
            raise cannot_set(name, None, "a clone has the encryption of its origin")
    check(properties, kind=kind, creating=False, limits=limits)


def _fault(snapshot: str, name: str, there: Mapping[str, Dataset]) -> str:
    """Return the reason why a clone cannot have a name; empty: it can."""
    if pool_of(name) != pool_of(snapshot):
        return f"'{name}' lies in another pool"
    if name in there:
        is_clone = there[name].value("origin") == snapshot
        return "" if is_clone else f"'{name}' exists and is no clone of it"
    parent = parent_of(name)
    if parent is None:
        return f"'{name}' is a pool"
    if parent not in there:
        return f"'{name}' has no parent '{parent}'"
    if there[parent].kind != "filesystem":
        return f"'{name}' would lie below the volume '{parent}'"
    return ""


def _way_out(snapshot: str, names: Sequence[str], there: Mapping[str, Dataset]) -> str:
    """Return a command that makes the first missing parent, or advice."""
    pool = pool_of(snapshot)
    if any(pool_of(name) != pool for name in names):
        return f"a clone lies in the pool of its snapshot: choose names in '{pool}'"
    for name in names:
        parent = parent_of(name)
        if parent and parent not in there:
            return making_hint(parent)
    return "choose other names"
