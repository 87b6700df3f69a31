"""Plan the clones that are stamped from a golden image.

A clone is born unfinished: with a mark that says so, and where nothing mounts it unasked.
Only a clone whose identity was reset becomes one that is used.
"""

from __future__ import annotations

from zfstune.clones.clone_plan import check_places, make_clone_plan, properties_of
from zfstune.clones.seal import StampMark, read_stamp
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import STAMP_PROPERTY
from zfstune.values.properties import DEFAULT_LIMITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from zfstune.clones.seal import GoldenImage
    from zfstune.values.properties import Limits
    from zfstune.values.state import Dataset

__all__ = ["Owner", "StampChoices", "StampPlan", "make_stamp_plan"]


@frozen
class Owner:
    """The owner and mode of a clone's root directory; None: as in the image.

    Attributes:
        uid: Number of the user.
        gid: Number of the group.
        mode: Permission bits.
    """

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None


@frozen
class StampChoices:
    """What the caller chose for all clones.

    Attributes:
        properties: Property to value; ``mountpoint`` may hold ``{}``.
        owner: Owner of the root directory; None: as in the image.
        keep_identity: Leave machine-id and host keys as the image has them.
        new_uuid: Give the file system on each volume a UUID of its own.
    """

    properties: Mapping[str, str]
    owner: Owner | None = None
    keep_identity: bool = False
    new_uuid: bool = False


@frozen
class StampPlan:
    """The plan of stamping clones.

    Attributes:
        image: The golden image.
        snapshot: Its sealed snapshot.
        kind: ``filesystem`` or ``volume``.
        new: Names of the clones to make.
        unfinished: Names of the clones that an earlier run made and did not finish.
        there: Names of the clones that are finished.
        choices: What the caller chose.
        mark: The mark of a finished clone.
    """

    image: str
    snapshot: str
    kind: str
    new: tuple[str, ...]
    unfinished: tuple[str, ...]
    there: tuple[str, ...]
    choices: StampChoices
    mark: StampMark

    @property
    def resets(self) -> bool:
        """Whether files of identity are looked for in each clone."""
        return self.kind == "filesystem" and not self.choices.keep_identity

    @property
    def to_open(self) -> bool:
        """Whether each clone has to be mounted to be finished."""
        return self.resets or self.choices.owner is not None

    @property
    def at_birth(self) -> dict[str, str]:
        """Property to value of a clone that is made: unfinished, and mounted by nobody."""
        born = {STAMP_PROPERTY: StampMark(self.mark.guid, unfinished=True).text}
        if self.kind == "filesystem":
            return {**born, "canmount": "noauto"}
        nodes = ("volmode", "snapdev")
        return born | {n: v for n, v in self.choices.properties.items() if n in nodes}

    def at_end(self, name: str) -> dict[str, str]:
        """Property to value of a finished clone."""
        end = properties_of(name, self.choices.properties)
        if self.kind == "filesystem":
            end.setdefault("canmount", "on")
        return {**end, STAMP_PROPERTY: self.mark.text}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Say it for people, a line for each clone."""
        lines = [*map(self.line_of, self.new), *map(self.finished_line, self.unfinished)]
        lines += [f"{name} is there already" for name in self.there]
        if self.new or self.unfinished:
            lines.append(f"in each: {self.identity}")
        return lines

    def line_of(self, name: str) -> str:
        """Say for people that one new clone is made."""
        end = [f"{n}={v}" for n, v in self.choices.properties.items()]
        how = f" ({' '.join(end)})" if end else ""
        return f"clone {self.snapshot} as {name}{how}"

    def finished_line(self, name: str) -> str:
        """Say for people that a clone of an earlier run is finished."""
        return f"finish {name}, which a run left unfinished"

    @property
    def identity(self) -> str:
        """What becomes of the identity in each clone, in words."""
        if self.resets:
            return "reset machine-id, random seed, credential secret and ssh host keys"
        if self.kind == "filesystem":
            return "keep the identity of the image"
        if self.choices.new_uuid:
            return "give the file system another UUID; what lies in it stays"
        return "keep the UUID of the file system, and what lies in it"

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "image": self.image,
            "snapshot": self.snapshot,
            "new": list(self.new),
            "unfinished": list(self.unfinished),
            "there": list(self.there),
            "properties": dict(self.choices.properties),
            "identity": "reset" if self.resets else "kept",
            "new_uuid": self.choices.new_uuid,
        }


def make_stamp_plan(
    image: GoldenImage,
    names: Sequence[str],
    choices: StampChoices,
    *,
    there: Mapping[str, Dataset],
    in_use: Container[str],
    limits: Limits = DEFAULT_LIMITS,
) -> StampPlan:
    """Plan clones; all names are judged before the first clone is made.

    Args:
        image: The image, which can be used.
        names: Full names of the clones.
        choices: What the caller chose.
        there: Those of the names, and of the datasets right above them, that exist.
        in_use: Names of the clones that are mounted or have snapshots.
        limits: The limits of the running release.

    Raises:
        PlanError: A name is taken, or by a clone that no stamp made.
        InvalidName, InvalidProperty, InvalidValue: As for a clone.
    """
    _check_choices(image, names, choices)
    clones = make_clone_plan(
        image.snapshot,
        image.kind,
        names,
        there=there,
        properties=choices.properties,
        limits=limits,
    )
    finished: list[str] = []
    unfinished: list[str] = []
    foreign: list[str] = []
    for name in clones.there:
        mark = read_stamp(there[name])
        if mark is not None and mark.guid == image.seal.guid:
            (unfinished if mark.unfinished else finished).append(name)
        elif mark is None and _is_untouched(there[name], in_use):
            unfinished.append(name)
        else:
            foreign.append(name)
    if foreign:
        raise PlanError(
            f"cannot stamp {_quoted(foreign)}: somebody else cloned it, and uses it",
            hint="nothing was made; choose other names",
        )
    return StampPlan(
        image=image.name,
        snapshot=image.snapshot,
        kind=image.kind,
        new=clones.new,
        unfinished=tuple(unfinished),
        there=tuple(finished),
        choices=choices,
        mark=StampMark(image.seal.guid),
    )


def _is_untouched(clone: Dataset, in_use: Container[str]) -> bool:
    """Tell whether a clone without a mark is as new: a power cut may have left it so."""
    return clone.value("written") == "0" and clone.name not in in_use


def _check_choices(image: GoldenImage, names: Sequence[str], choices: StampChoices) -> None:
    refused = f"cannot stamp '{image.name}'"
    mountpoint = choices.properties.get("mountpoint", "")
    if image.kind == "volume":
        if choices.owner is not None:
            raise InvalidValue(f"{refused}: a volume has no owner")
        return
    if choices.new_uuid:
        raise InvalidValue(f"{refused}: only a file system on a volume has a UUID")
    check_places(refused, names, choices.properties)
    if mountpoint == "/" and choices.properties.get("canmount") != "noauto":
        raise InvalidValue(
            f"{refused}: the next boot would mount the clone over this system",
            hint="add -o canmount=noauto",
        )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
