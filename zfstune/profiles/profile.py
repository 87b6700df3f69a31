"""Profiles: the datasets that a workload needs, with their properties and the reasons.

A profile is a TOML file::

    name = "logs"
    summary = "Append-only text logs"

    [[dataset]]
    path = "logs"            # below the root that apply is given
    owner = "root"           # optional: of the mounted directory
    group = "adm"            # optional
    mode = "0755"            # optional, octal in quotes

    [dataset.snapshots]      # optional: how often to take them, and which ones stay
    every = "hourly"         # see zfstune.schedules.cadence; "none": take none here
    keep = "hourly=48"       # see zfstune.retention.policy_text
    why = "One or two honest sentences."
    source = "https://..."

    [dataset.properties.recordsize]
    value = "128K"
    why = "One or two honest sentences."
    source = "https://... or the OpenZFS file that says so"
    disagrees = "Who says otherwise, and what."    # optional

    [[dataset.properties.recordsize.where]]        # optional: the first rule that fits
    pool = "raidz"         # draid grub large-sectors log raidz redundant rotational special
    value = "1M"
    why = "One or two honest sentences."

    [variant.large]          # optional: other values for the same datasets
    summary = "For logs that are never appended to"
    source = "https://... for each value below that names no source"

    [variant.large.dataset."logs"]
    recordsize = { value = "1M", why = "One or two honest sentences." }

A variant takes over all datasets and values that it does not name. With ``only = true``
it takes over nothing: it has the datasets and values that it names, and no others. A
value that is the same as without the variant is written without its reason, as in
``atime = "off"``.

With ``extends = "postgres"`` a profile starts from the datasets of a profile that ships.
A ``[[dataset]]`` with one of its paths adds values to that dataset or replaces them; a
``[[dataset]]`` with another path adds a dataset. Variants are not taken over.

A profile cannot set ``mountpoint``: the root decides where its datasets appear.
``canmount = "off"`` makes a dataset that only holds others. A variant may disable
sync, and applying it takes a flag that names the loss; a profile itself may not.
"""

from __future__ import annotations

from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen, replace
from zfstune.values.text import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = [
    "DatasetProfile",
    "Needs",
    "PoolRule",
    "Profile",
    "Setting",
    "Snapshots",
    "Variant",
    "in_variant",
    "standing_at",
]

# How large a profile's file may be, and what its name may be made of.
MAX_PROFILE_BYTES = 64 * 1024
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@frozen
class PoolRule:
    """Another value for pools of a certain make.

    Attributes:
        pool: The fact that must hold for the pool, one of
            :data:`zfstune.profiles.pool_rules.FACTS`.
        value: As the file has it.
        why: One or two sentences.
        source: Who says so.
    """

    pool: str
    value: str
    why: str
    source: str


@frozen
class Setting:
    """One property that a profile asks for.

    Attributes:
        property: Its name.
        value: As the file has it (``8K``).
        why: One or two sentences.
        source: A URL, or the file of OpenZFS that says so.
        disagrees: Who says otherwise, and what they say; empty where nobody does.
        rules: Other values for certain pools; the first rule that fits counts.
    """

    property: str
    value: str
    why: str
    source: str
    disagrees: str = ""
    rules: tuple[PoolRule, ...] = ()


@frozen
class Needs:
    """The earliest OpenZFS release for a profile, as in ``(2, 2)``, why, and its source."""

    release: tuple[int, ...]
    why: str
    source: str


@frozen
class Snapshots:
    """How often snapshots of a dataset are taken, and which of them stay.

    Both are stored on the dataset unless somebody has stored something there before.

    Attributes:
        every: As :func:`zfstune.schedules.cadence.parse_cadence` reads it.
        keep: As :func:`~zfstune.retention.policy_text.parse_policy` reads it, or empty.
        why: One or two sentences.
        source: Who says so.
        disagrees: Who says otherwise, and what they say; empty where nobody does.
    """

    every: str
    keep: str
    why: str
    source: str
    disagrees: str = ""


@frozen
class DatasetProfile:
    """One dataset of a profile.

    Attributes:
        path: Below the root, as in ``postgres/wal``.
        settings: Its properties, in the order of the file.
        owner: User who owns the mounted directory, else None.
        group: Its group, else None.
        mode: Its permission bits, else None.
        snapshots: How often they are taken and which stay, else None.
    """

    path: str
    settings: tuple[Setting, ...]
    owner: str | None = None
    group: str | None = None
    mode: int | None = None
    snapshots: Snapshots | None = None

    def setting(self, name: str) -> Setting | None:
        """Return the setting of a property, None: the dataset has none."""
        return next((s for s in self.settings if s.property == name), None)


@frozen
class Variant:
    """Another choice of values for a profile.

    Attributes:
        name: Its name, as ``--variant`` takes it.
        summary: One line.
        datasets: All datasets, unchanged ones included.
    """

    name: str
    summary: str
    datasets: tuple[DatasetProfile, ...]


@frozen
class Profile:
    """A workload's datasets, parents before children.

    Attributes:
        name: Its name on the command line; ``postgres:seed`` for a variant.
        summary: One line.
        datasets: At least one.
        origin: The file it came from, for messages.
        variants: Other choices of values, in the order of the file.
        advice: Advice beyond datasets, as about the application's own settings.
        needs: The earliest release that it runs on, None: any.
    """

    name: str
    summary: str
    datasets: tuple[DatasetProfile, ...]
    origin: str = ""
    variants: tuple[Variant, ...] = ()
    advice: str = ""
    needs: Needs | None = None

    def dataset(self, path: str) -> DatasetProfile | None:
        """Return the dataset of a path, None: the profile has none of that path."""
        return next((d for d in self.datasets if d.path == path), None)

    def variant(self, name: str) -> Profile:
        """Return the profile with the values of a variant.

        Raises:
            ProfileError: There is no such variant; the hint lists the variants there are.
        """
        for variant in self.variants:
            if variant.name == name:
                return replace(
                    self,
                    name=f"{self.name}:{name}",
                    summary=variant.summary,
                    datasets=variant.datasets,
                    variants=(),
                )
        known = [variant.name for variant in self.variants]
        message = (
            f"cannot use variant '{shown(name)}': profile '{self.name}' has no such variant"
        )
        having = "known variants: " + ", ".join(known) if known else "it has no variants"
        raise ProfileError(message, hint=did_you_mean(name, known, having))


def in_variant(profiles: Iterable[Profile], variant: str | None) -> list[Profile]:
    """Return profiles in a variant; those without such a variant stay as they are.

    Raises:
        ProfileError: None of them has the variant.
    """
    profiles = list(profiles)
    if variant is None or not profiles:
        return profiles
    having = [any(v.name == variant for v in profile.variants) for profile in profiles]
    if not any(having):
        profiles[0].variant(variant)  # raises, and lists the variants there are
    return [
        profile.variant(variant) if has else profile
        for profile, has in zip(profiles, having, strict=True)
    ]


def standing_at(profile: Profile, path: str) -> tuple[Profile, tuple[str, ...]]:
    """Return a profile whose first dataset has another path, and those below it follow.

    Args:
        profile: The profile, in the variant that is meant.
        path: The new path of its first dataset.

    Returns:
        The profile, and the paths of its other datasets, which do not lie below the first
        one and are left out.
    """
    first = profile.datasets[0].path
    placed, left_out = [], []
    for dataset in profile.datasets:
        if f"{dataset.path}/".startswith(f"{first}/"):
            placed.append(replace(dataset, path=path + dataset.path.removeprefix(first)))
        else:
            left_out.append(dataset.path)
    return replace(profile, datasets=tuple(placed)), tuple(left_out)
