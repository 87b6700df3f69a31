"""Load profiles by name or from a file, and find the role of this machine.

Three places hold profiles: this site's folder, the folder that ships with zfstune, and
any file that a user names. :mod:`zfstune.profiles.profile_file` checks all of them.
"""

from __future__ import annotations

import os
import stat

from zfstune.engine.pools import choose_pool
from zfstune.host.manifest import host_name
from zfstune.profiles.profile import MAX_PROFILE_BYTES, NAME_CHARACTERS
from zfstune.profiles.profile_file import read_profile
from zfstune.profiles.roles import AUTO, find_role, role_of_host
from zfstune.schedules.cadence import NO_SCHEDULE
from zfstune.values.errors import ProfileError
from zfstune.values.names import default_root
from zfstune.values.text import did_you_mean, file_hint, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.profiles.profile import Profile
    from zfstune.profiles.roles import Role

__all__ = [
    "SITE",
    "load",
    "load_file",
    "load_profile",
    "load_shipped",
    "load_text",
    "profile_names",
    "profile_text",
    "resolve_role",
    "role_datasets",
]

# Profiles of this site; a profile here takes the place of one that ships under its name.
SITE = "/etc/zfstune/profiles.d"
_SUFFIX = ".toml"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles that ship and of those in :data:`SITE`, sorted."""
    return tuple(sorted({*_listed(_shipped_folder()), *_listed(SITE)}))


def load(name: str) -> Profile:
    """Load a profile: this site's own, else the one that zfstune ships.

    Args:
        name: As in ``postgres``, or ``postgres:seed`` for a variant of it.

    Raises:
        ProfileError: There is no such profile; the hint lists the profiles there are.
    """
    name, colon, variant = name.partition(":")
    profile = _load(name)
    return profile.variant(variant) if colon else profile


def load_profile(name: str) -> Profile:
    """Load a profile by its name, or from a file of the user's own.

    Args:
        name: As in ``postgres`` or ``postgres:seed``; what ends in ``.toml`` or holds a
            slash is a file.

    Raises:
        ProfileError: There is no such profile, or the file holds none.
    """
    return load_file(name) if name.endswith(_SUFFIX) or "/" in name else load(name)


def load_file(path: str) -> Profile:
    """Load a profile from a file of the user's own.

    Raises:
        ProfileError: The file cannot be read, is no plain file, or holds no profile.
    """
    return load_text(_read(path), path)


def _load(name: str) -> Profile:
    if _holds(SITE, name):
        path = os.path.join(SITE, name + _SUFFIX)
        profile = load_text(_read(path, trusted=True), path)
    elif _holds(_shipped_folder(), name):
        profile = load_shipped(name)
    else:
        known = profile_names()
        hint = did_you_mean(
            name, known, f"{file_hint(name)}known profiles: {', '.join(known)}"
        )
        message = f"cannot load profile '{shown(name)}': there is no such profile"
        raise ProfileError(message, hint=hint)
    if profile.name != name:
        reason = (
            f"top level, key 'name': it is '{profile.name}', "
            f"but the file is named '{name}{_SUFFIX}'"
        )
        raise ProfileError(f"cannot load profile '{shown(profile.origin)}': {reason}")
    return profile


def profile_text(name: str) -> tuple[str, str]:
    """Return the text of a profile as it stands in its file, and that file.

    Args:
        name: As in ``postgres``; that of a variant stands for its profile.

    Raises:
        ProfileError: There is no such profile.
    """
    plain = name.partition(":")[0]
    load(name)
    folder = SITE if _holds(SITE, plain) else _shipped_folder()
    path = os.path.join(folder, plain + _SUFFIX)
    return _read(path), path


def load_shipped(name: str) -> Profile:
    """Load a profile that zfstune ships, even if this site has one of the same name.

    Raises:
        ProfileError: It ships no such profile; the hint lists the ones that it ships.
    """
    if not _holds(_shipped_folder(), name):
        message = f"cannot extend '{shown(name)}': zfstune ships no such profile"
        known = _listed(_shipped_folder())
        hint = did_you_mean(name, known, "known profiles: " + ", ".join(known))
        raise ProfileError(message, hint=hint)
    filename = name + _SUFFIX
    return load_text(_read(os.path.join(_shipped_folder(), filename)), filename)


def _holds(folder: str, name: str) -> bool:
    """Tell whether a folder holds a profile; "../../etc/x" never becomes a path."""
    if not name or not NAME_CHARACTERS.issuperset(name):
        return False
    return os.path.exists(os.path.join(folder, name + _SUFFIX))


def _listed(folder: str) -> list[str]:
    """List the profiles of a folder; a missing folder has none."""
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
        trusted: Its settings take effect without anybody naming the file, so only
            root or this user may have been able to write it.
    """
    message = f"cannot load profile '{shown(path)}': "
    try:
        # Without O_NONBLOCK, opening a pipe waits for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProfileError(message + reason) from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ProfileError(message + "it is no plain file")
        is_foreign = facts.st_uid not in {0, os.getuid()}
        if trusted and (facts.st_mode & _WRITABLE_BY_OTHERS or is_foreign):
            quoted = for_shell(path)
            trust = f"`chown root {quoted} && chmod go-w {quoted}`"
            hint = f"read the file; if its content is right, run {trust}"
            raise ProfileError(message + "other users may have written it", hint=hint)
        return os.read(descriptor, MAX_PROFILE_BYTES + 1).decode()
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
        origin: The file's name, for messages.

    Raises:
        ProfileError: The text is malformed or incomplete, or asks for a value that no
            dataset can have; the message names origin, table and key.
    """
    return read_profile(text, origin, load_shipped)


def _shipped_folder() -> str:
    """Return the folder of the profiles that ship: installed, or in a checkout."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(here, "_profiles")
    if os.path.isdir(installed):
        return installed
    # A checkout, or an editable install of one: the package `zfstune._profiles` is
    # the folder profiles/ there (package-dir in pyproject.toml). Asking the import
    # system for that folder would take longer than parsing a profile.
    return os.path.join(os.path.dirname(here), "profiles")


def resolve_role(name: str) -> Role:
    """Return the role of a name; ``auto`` stands for the role in this host's name.

    Raises:
        ProfileError: There is no such role.
    """
    return role_of_host(host_name()) if name == AUTO else find_role(name)


def role_datasets(
    engine: Engine, roles: Iterable[str], *, pool: str | None, root: str | None
) -> list[str]:
    """Return the datasets for which the profiles of roles ask for snapshots.

    Args:
        engine: The engine that chooses the pool where none is named.
        roles: Names of roles, as in ``web``; ``auto``: the role in this host's name.
        pool: Default: see :func:`zfstune.engine.pools.choose_pool`.
        root: The dataset that the profiles hang below; default: ``POOL/data``.

    Raises:
        ProfileError: There is no such role.
    """
    chosen = [resolve_role(name) for name in roles]
    base = root or default_root(choose_pool(engine, pool))
    return [
        f"{base}/{dataset.path}"
        for role in chosen
        for profile in role.profiles
        for dataset in load(profile).datasets
        if dataset.snapshots is not None and dataset.snapshots.every != NO_SCHEDULE
    ]
