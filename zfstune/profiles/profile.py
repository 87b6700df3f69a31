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

import os

from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen, replace
from zfstune.values.text import did_you_mean, file_hint, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "SITE",
    "DatasetProfile",
    "Needs",
    "Profile",
    "Rule",
    "Setting",
    "Snapshots",
    "Variant",
    "choose",
    "load",
    "load_file",
    "load_shipped",
    "load_text",
    "names",
]

MAX_BYTES = 64 * 1024
# Profiles of this site; one named like one that ships stands in for it.
SITE = "/etc/zfstune/profiles.d"
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_SUFFIX = ".toml"
# The stat module's S_IFMT, S_IFREG, S_IWGRP and S_IWOTH: importing it costs more
_KIND, _PLAIN, _OTHERS = 0o170000, 0o100000, 0o022


@frozen
class Rule:
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
    rules: tuple[Rule, ...] = ()


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


def names() -> tuple[str, ...]:
    """Give the names of the profiles that ship and of those in :data:`SITE`, sorted."""
    return tuple(sorted({*_listed(_folder()), *_listed(SITE)}))


def load(name: str) -> Profile:
    """Load a profile: the site's own, else the one that zfstune ships.

    Args:
        name: As in ``postgres``, or ``postgres:seed`` for a variant of it.

    Raises:
        ProfileError: There is none of that name; the hint lists what there is.
    """
    name, colon, variant = name.partition(":")
    profile = _load(name)
    return profile.variant(variant) if colon else profile


def choose(profiles: Iterable[Profile], variant: str | None) -> list[Profile]:
    """Give profiles in a variant; one that has none of that name stays as it is.

    Raises:
        ProfileError: None of them has it.
    """
    profiles = list(profiles)
    if variant is None or not profiles:
        return profiles
    having = [any(v.name == variant for v in profile.variants) for profile in profiles]
    if not any(having):
        profiles[0].variant(variant)  # which says what there is
    return [
        profile.variant(variant) if has else profile
        for profile, has in zip(profiles, having, strict=True)
    ]


def load_file(path: str) -> Profile:
    """Load a profile from a file of the user's own.

    Raises:
        ProfileError: It cannot be read, is no plain file, or holds no profile.
    """
    return load_text(_read(path), path)


def _load(name: str) -> Profile:
    if _has(SITE, name):
        path = os.path.join(SITE, name + _SUFFIX)
        profile = load_text(_read(path, trusted=True), path)
    elif _has(_folder(), name):
        profile = load_shipped(name)
    else:
        known = names()
        hint = did_you_mean(name, known, f"{file_hint(name)}there are: {', '.join(known)}")
        message = f"cannot load profile '{shown(name)}': there is no such profile"
        raise ProfileError(message, hint=hint)
    if profile.name != name:
        reason = f"top level: name is '{profile.name}', the file's is '{name}'"
        raise ProfileError(f"cannot load profile '{shown(profile.origin)}': {reason}")
    return profile


def load_shipped(name: str) -> Profile:
    """Load a profile that zfstune ships, whatever the site has under that name.

    Raises:
        ProfileError: It ships none of that name; the hint lists those that it does.
    """
    if not _has(_folder(), name):
        message = f"cannot extend '{shown(name)}': zfstune ships no such profile"
        known = _listed(_folder())
        hint = did_you_mean(name, known, "there are: " + ", ".join(known))
        raise ProfileError(message, hint=hint)
    filename = name + _SUFFIX
    return load_text(_read(os.path.join(_folder(), filename)), filename)


def _has(folder: str, name: str) -> bool:
    """Tell whether a folder holds a profile; "../../etc/x" never becomes a path."""
    if not name or not NAME_CHARACTERS.issuperset(name):
        return False
    return os.path.exists(os.path.join(folder, name + _SUFFIX))


def _listed(folder: str) -> list[str]:
    """List the profiles of a folder; one that is not there has none."""
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"cannot list the profiles in '{shown(folder)}': {error.strerror}"
        raise ProfileError(message) from None
    return sorted(e[: -len(_SUFFIX)] for e in entries if e.endswith(_SUFFIX))


def _read(path: str, *, trusted: bool = False) -> str:
    """Read a plain file; a pipe or a device would never end.

    Args:
        path: The file.
        trusted: What it says will be done unasked, so only its owner, this user or
            root, may have written it.
    """
    message = f"cannot load profile '{shown(path)}': "
    try:
        # without O_NONBLOCK, opening a pipe waits for its other end
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProfileError(message + reason) from None
    try:
        facts = os.fstat(descriptor)
        if facts.st_mode & _KIND != _PLAIN:
            raise ProfileError(message + "it is no plain file")
        if trusted and (facts.st_mode & _OTHERS or facts.st_uid not in {0, os.getuid()}):
            hint = f"if it is as it should be: `chown root {path}` and `chmod go-w {path}`"
            raise ProfileError(message + "others may have written it", hint=hint)
        return os.read(descriptor, MAX_BYTES + 1).decode()
    except UnicodeDecodeError as error:
        raise ProfileError(message + "it is not UTF-8") from error
    except OSError as error:
        raise ProfileError(message + (error.strerror or str(error))) from None
    finally:
        os.close(descriptor)


def load_text(text: str, origin: str) -> Profile:
    """Read a profile out of TOML text, checking all of it.

    Args:
        text: The file's content, 64 KiB at the most.
        origin: What to call it in messages: a file name.

    Raises:
        ProfileError: It is malformed, incomplete, or asks for what no dataset can
            have; the message names origin, table and key.
    """
    from zfstune.profiles.profile_file import read_profile  # noqa: PLC0415 (to read one)

    return read_profile(text, origin)


def _folder() -> str:
    """Give the folder of the built-in profiles: installed, or in a checkout."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(here, "_profiles")
    if os.path.isdir(installed):
        return installed
    # A checkout, or an editable install of one: the package `zfstune._profiles` is
    # the folder profiles/ there (package-dir in pyproject.toml). Asking the import
    # system for it costs more than the parsing.
    return os.path.join(os.path.dirname(here), "profiles")
