"""Plan clones of one snapshot: which are new, which are there, and what forbids them."""

from __future__ import annotations

from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.properties import DEFAULT_LIMITS, check
from zfstune.values.property_rules import cannot_set
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zfstune.values.properties import Limits
    from zfstune.values.state import Dataset

__all__ = ["ENCRYPTION", "ClonePlan", "check_choices", "make_clone_plan"]

ENCRYPTION = frozenset({"encryption", "keyformat", "keylocation", "pbkdf2iters"})


@frozen
class ClonePlan:
    """The plan of making clones of one snapshot.

    Attributes:
        snapshot: The snapshot.
        kind: ``filesystem`` or ``volume``.
        new: Names of the clones to make.
        there: Names of the clones of this snapshot that are there already.
        properties: Property to value, to set on each new clone.
    """

    snapshot: str
    kind: str
    new: tuple[str, ...]
    there: tuple[str, ...]
    properties: Mapping[str, str]

    def lines(self) -> list[str]:
        """Say it for people, a line for each clone."""
        pairs = " ".join(f"{name}={value}" for name, value in self.properties.items())
        how = f" ({pairs})" if pairs else ""
        return [
            *(f"clone {self.snapshot} as {name}{how}" for name in self.new),
            *(f"{name} is there already" for name in self.there),
        ]

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
    """
    if not names:
        raise InvalidValue(f"cannot clone '{snapshot}': no name was given")
    check_choices(properties, kind, limits)
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
            return f"to make the parent: zfs create -p {for_shell(parent)}"
    return "choose other names"
