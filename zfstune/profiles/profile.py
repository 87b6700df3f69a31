"""Profiles: which datasets a workload needs, with which properties, and why.

A profile is a TOML file::

    name = "logs"
    summary = "Append-only text logs"

    [[dataset]]
    path = "logs"            # below the root that apply is given
    owner = "root"           # optional: of the mounted directory
    group = "adm"            # optional
    mode = "0755"            # optional, octal in quotes

    [dataset.snapshots]      # optional: how often, and what of them stays
    every = "hourly"         # see schedules.cadence; none: leave it out of those above
    keep = "hourly=48"       # see zfstune.retention.policy_text
    why = "One or two honest sentences."
    source = "https://..."

    [dataset.properties.recordsize]
    value = "128K"
    why = "One or two honest sentences."
    source = "https://... or the OpenZFS file that says so"
    disagrees = "Who says otherwise, and what."    # optional

    [[dataset.properties.recordsize.where]]        # optional: the first that fits
    pool = "raidz"         # draid grub large-sectors log raidz redundant rotational special
    value = "1M"
    why = "One or two honest sentences."

    [variant.large]          # optional: other values for the same datasets
    summary = "For logs that are never appended to"
    source = "https://... of each value below that names none of its own"

    [variant.large.dataset."logs"]
    recordsize = { value = "1M", why = "One or two honest sentences." }

A variant takes over whatever it does not name, unless it says ``only = true``: then
it is made of the datasets and values that it names, and of nothing else. A value
that is the same as without the variant is written without its reason, as in
``atime = "off"``.

With ``extends = "postgres"`` a profile starts from the datasets of one that ships: a
``[[dataset]]`` with a path of that one adds to it or replaces its values, and any other
comes on top. Variants are not taken over.

``mountpoint`` is no business of a profile: the root decides where things appear.
``canmount = "off"`` makes a dataset that only holds others. A variant may disable
sync, a profile may not; and applying such a variant takes a flag that names the loss.
"""

from __future__ import annotations

from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen, replace
from zfstune.values.text import did_you_mean, file_hint, shown

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
    "default_root",
    "in_variant",
]

# How large a profile's file may be, and what its name may be made of.
MAX_BYTES = 64 * 1024
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@frozen
class PoolRule:
    """Another value for pools of a certain make.

    Attributes:
        pool: The fact that it takes, one of :data:`zfstune.profiles.pool_rules.FACTS`.
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
        disagrees: Who says otherwise, and what; empty where nobody does.
        rules: Other values for certain pools; the first that fits counts.
    """

    property: str
    value: str
    why: str
    source: str
    disagrees: str = ""
    rules: tuple[PoolRule, ...] = ()


@frozen
class Needs:
    """The OpenZFS release that a profile takes, as in ``(2, 2)``; why, and who says so."""

    release: tuple[int, ...]
    why: str
    source: str


@frozen
class Snapshots:
    """How often a dataset's snapshots are to be taken, and what of them stays.

    Both are stored on the dataset where nobody has stored anything yet.

    Attributes:
        every: As :func:`zfstune.schedules.cadence.parse_cadence` reads it.
        keep: As :func:`~zfstune.retention.policy_text.parse_policy` reads it, or empty.
        why: One or two sentences.
        source: Who says so.
        disagrees: Who says otherwise, and what; empty where nobody does.
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
        snapshots: How often and what stays, else None.
    """

    path: str
    settings: tuple[Setting, ...]
    owner: str | None = None
    group: str | None = None
    mode: int | None = None
    snapshots: Snapshots | None = None

    def setting(self, name: str) -> Setting | None:
        """Give what it asks for of one property, None: nothing."""
        return next((s for s in self.settings if s.property == name), None)


@frozen
class Variant:
    """Another choice of values for a profile.

    Attributes:
        name: What ``--variant`` calls it.
        summary: One line.
        datasets: All of them, those that it leaves as they are included.
    """

    name: str
    summary: str
    datasets: tuple[DatasetProfile, ...]


@frozen
class Profile:
    """A workload's datasets, parents before children.

    Attributes:
        name: What the command line calls it; ``postgres:seed`` of a variant.
        summary: One line.
        datasets: At least one.
        origin: The file it came from, for messages.
        variants: Other choices, by what the file calls them.
        advice: What else there is to see to, as in the application's own settings.
        needs: The release that it takes, None: any.
    """

    name: str
    summary: str
    datasets: tuple[DatasetProfile, ...]
    origin: str = ""
    variants: tuple[Variant, ...] = ()
    advice: str = ""
    needs: Needs | None = None

    def dataset(self, path: str) -> DatasetProfile | None:
        """Give the dataset of that path, None: it has none."""
        return next((d for d in self.datasets if d.path == path), None)

    def variant(self, name: str) -> Profile:
        """Give the profile with the values of a variant.

        Raises:
            ProfileError: It has none of that name; the hint lists those it has.
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
        message = f"cannot use variant '{shown(name)}': profile '{self.name}' has none such"
        having = "it has: " + ", ".join(known) if known else "it has no variants"
        raise ProfileError(message, hint=did_you_mean(name, known, having))


def in_variant(profiles: Iterable[Profile], variant: str | None) -> list[Profile]:
    """Return profiles in a variant; one that has none of that name stays as it is.

    Raises:
        ProfileError: None of them has it.
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


def default_root(pool: str) -> str:
    """Return the dataset that profiles hang below unless the user names another."""
    return f"{pool}/data"
