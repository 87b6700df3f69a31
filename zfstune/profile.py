"""Profiles: which datasets a workload needs, with which properties, and why.

A profile is a TOML file::

    name = "logs"
    summary = "Append-only text logs"

    [[dataset]]
    path = "logs"            # below the root that apply is given
    owner = "root"           # optional: of the mounted directory
    group = "adm"            # optional
    mode = "0755"            # optional, octal in quotes

    [dataset.properties.recordsize]
    value = "128K"
    why = "One or two honest sentences, with who disagrees."
    source = "https://... or the OpenZFS file that says so"

``mountpoint`` and ``canmount`` are no business of a profile: the root decides
where things appear. A file is untrusted until all of it has been checked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from zfstune import names as naming
from zfstune import properties as props
from zfstune.errors import InvalidName, InvalidProperty, ProfileError
from zfstune.quoting import shown
from zfstune.record import OWN_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NoReturn

__all__ = ["DatasetProfile", "Profile", "Setting", "load", "load_text", "names"]

_SUFFIX = ".toml"
_MAX_BYTES = 64 * 1024
_MAX_NAME = 64
_MAX_MODE = 0o7777
_MAX_RECORD = 16 << 20  # SPA_MAXBLOCKSIZE, include/sys/fs/zfs.h
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
# The root says where datasets appear.
_RESERVED = frozenset({"mountpoint", "canmount"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One property that a profile asks for.

    Attributes:
        property: Its name.
        value: As the file has it (``8K``).
        why: One or two sentences.
        source: A URL, or the file of OpenZFS that says so.
    """

    property: str
    value: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class DatasetProfile:
    """One dataset of a profile.

    Attributes:
        path: Below the root, as in ``postgres/wal``.
        settings: Its properties, in the order of the file.
        owner: User who owns the mounted directory, else None.
        group: Its group, else None.
        mode: Its permission bits, else None.
    """

    path: str
    settings: tuple[Setting, ...]
    owner: str | None = None
    group: str | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A workload's datasets, parents before children.

    Attributes:
        name: What the command line calls it.
        summary: One line.
        datasets: At least one.
        origin: The file it came from, for messages.
    """

    name: str
    summary: str
    datasets: tuple[DatasetProfile, ...]
    origin: str = ""


def names() -> tuple[str, ...]:
    """Give the names of the profiles that zfstune ships, sorted."""
    entries = os.listdir(_folder())
    return tuple(sorted(e[: -len(_SUFFIX)] for e in entries if e.endswith(_SUFFIX)))


def load(name: str) -> Profile:
    """Load a profile that zfstune ships.

    Raises:
        ProfileError: There is none of that name; the hint lists what there is.
    """
    known = names()
    # Looking the name up in the list, rather than on disk, is what keeps
    # "../../etc/x" from ever becoming a path.
    if name not in known:
        near = _nearest(name, known)
        hint = f"did you mean '{near}'? " if near else ""
        hint += "there are: " + ", ".join(known)
        message = f"cannot load profile '{shown(name)}': there is no such profile"
        raise ProfileError(message, hint=hint)
    filename = name + _SUFFIX
    with open(os.path.join(_folder(), filename), "rb") as file:
        data = file.read(_MAX_BYTES + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ProfileError(f"cannot load profile '{filename}': it is not UTF-8") from error
    profile = load_text(text, filename)
    if profile.name != name:
        reader = _Reader(filename)
        reader.refuse("top level", f"name is '{profile.name}', the file's is '{name}'")
    return profile


def load_text(text: str, origin: str) -> Profile:
    """Read a profile out of TOML text, checking all of it.

    Args:
        text: The file's content, 64 KiB at the most.
        origin: What to call it in messages: a file name.

    Raises:
        ProfileError: It is malformed, incomplete, or asks for what no dataset can
            have; the message names origin, table and key.
    """
    reader = _Reader(origin)
    if len(text) > _MAX_BYTES or len(text.encode(errors="replace")) > _MAX_BYTES:
        reader.refuse("top level", f"it is larger than {_MAX_BYTES // 1024} KiB")
    return reader.profile(_parse(text, reader))


def _folder() -> str:
    """Give the folder of the built-in profiles: installed, or in a checkout."""
    here = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(here, "_profiles")
    if os.path.isdir(installed):
        return installed
    # A checkout, or an editable install of one: the package `zfstune._profiles` is
    # the folder profiles/ there (package-dir in pyproject.toml). Asking the import
    # system for it costs more than the parsing.
    return os.path.join(os.path.dirname(here), "profiles")


def _parse(text: str, reader: _Reader) -> Mapping[str, object]:
    import tomllib  # noqa: PLC0415 (only a profile needs it)

    try:
        return tomllib.loads(text)
    except RecursionError:
        reader.refuse("TOML", "it is nested too deeply")
    except ValueError as error:
        # TOMLDecodeError is a ValueError, and so is an integer of 5000 digits.
        reason, _, place = str(error).partition(" (at ")
        where = place.rstrip(")") or "TOML"
        reader.refuse(where, reason[:1].lower() + reason[1:])


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 (only an error needs it)

    return next(iter(get_close_matches(word, list(known), 1)), "")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks one file; every refusal names the file and the place in it."""

    origin: str

    def refuse(self, where: str, reason: str, hint: str = "") -> NoReturn:
        message = f"cannot load profile '{shown(self.origin)}': {where}: {reason}"
        raise ProfileError(message, hint=hint)

    def profile(self, table: Mapping[str, object]) -> Profile:
        where = "top level"
        self.only(table, where, ("name", "summary", "dataset"))
        name = self.text(table, where, "name")
        if not set(name) <= _NAME_CHARACTERS or len(name) > _MAX_NAME or name[0] == "-":
            self.refuse(
                where, f"key 'name': '{shown(name)}' is not lowercase words and dashes"
            )
        summary = self.text(table, where, "summary")
        rows = table.get("dataset")
        if not isinstance(rows, list) or not rows:
            self.refuse(where, "no [[dataset]] table", "a profile has at least one dataset")
        datasets: dict[str, DatasetProfile] = {}
        for number, row in enumerate(rows, 1):
            spot = f"dataset {number}"
            dataset = self.dataset(self.table(row, spot), spot)
            spot = f"dataset '{dataset.path}'"
            if dataset.path in datasets:
                self.refuse(spot, "key 'path': it stands there twice")
            child = next((p for p in datasets if p.startswith(dataset.path + "/")), None)
            if child is not None:
                reason = f"it comes after its child '{child}'"
                self.refuse(spot, reason, "put parents first")
            datasets[dataset.path] = dataset
        return Profile(name, summary, tuple(datasets.values()), self.origin)

    def dataset(self, table: Mapping[str, object], where: str) -> DatasetProfile:
        path = self.path(self.text(table, where, "path"), where)
        where = f"dataset '{path}'"
        self.only(table, where, ("path", "owner", "group", "mode", "properties"))
        listed = self.table(table.get("properties", {}), f"{where}, properties")
        settings = tuple(self.setting(n, v, where) for n, v in listed.items())
        # Each is fine by itself; some are not with each other.
        self.check({s.property: s.value for s in settings}, where)
        return DatasetProfile(
            path=path,
            settings=settings,
            owner=self.account(table, where, "owner"),
            group=self.account(table, where, "group"),
            mode=self.mode(table, where),
        )

    def setting(self, name: str, value: object, where: str) -> Setting:
        where = f"{where}, property {shown(name)}"
        table = self.table(value, where)
        keys = ("value", "why", "source")
        self.only(table, where, keys)
        setting = Setting(name, *(self.text(table, where, key) for key in keys))
        if name in _RESERVED:
            hint = "a profile's datasets appear below the root that apply is given"
            self.refuse(where, "where a dataset mounts is not a profile's to say", hint)
        if name.startswith(OWN_PREFIX):
            self.refuse(where, f"the names in {OWN_PREFIX} are zfstune's own notes")
        if name == "sync" and setting.value == "disabled":
            hint = "data that an application was told is safe would be lost in a crash"
            self.refuse(where, "a profile may not disable sync", hint)
        self.check({name: setting.value}, where)
        return setting

    def check(self, values: dict[str, str], where: str) -> None:
        # What this system's release takes is for the planner to see to.
        limits = props.Limits(max_recordsize_bytes=_MAX_RECORD)
        try:
            props.check(values, kind="filesystem", creating=True, limits=limits)
        except InvalidProperty as error:
            self.refuse(where, error.message, error.hint)

    def path(self, path: str, where: str) -> str:
        where = f"{where}, key 'path'"
        if path.startswith("/"):
            self.refuse(
                where, f"'{shown(path)}' is absolute", "give it relative to the root"
            )
        if any(part in ("", ".", "..") for part in path.split("/")):
            self.refuse(where, f"'{shown(path)}' has an empty, '.' or '..' part")
        try:
            naming.check_dataset("pool/" + path, creating=True)
        except InvalidName as error:
            self.refuse(where, error.message, error.hint)
        return path

    def account(self, table: Mapping[str, object], where: str, key: str) -> str | None:
        if key not in table:
            return None
        account = self.text(table, where, key)
        if not account.isprintable() or set(account) & set(":/ "):
            self.refuse(where, f"key '{key}': '{shown(account)}' is not an account's name")
        return account

    def mode(self, table: Mapping[str, object], where: str) -> int | None:
        if "mode" not in table:
            return None
        text = self.text(table, where, "mode")
        if not set(text) <= set("01234567") or int(text, 8) > _MAX_MODE:
            reason = f"key 'mode': '{shown(text)}' is not an octal mode such as 0750"
            self.refuse(where, reason)
        return int(text, 8)

    def only(self, table: Mapping[str, object], where: str, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                near = _nearest(key, known)
                hint = f"did you mean '{near}'? " if near else ""
                hint += "known: " + ", ".join(known)
                self.refuse(where, f"unknown key '{shown(key)}'", hint)

    def text(self, table: Mapping[str, object], where: str, key: str) -> str:
        if key not in table:
            near = _nearest(key, table)
            hint = f"is '{shown(near)}' it?" if near else ""
            self.refuse(where, f"key '{key}' is missing", hint)
        value = table[key]
        if not isinstance(value, str):
            self.refuse(where, f"key '{key}': it takes text in quotes")
        if not value.strip():
            self.refuse(where, f"key '{key}' is empty")
        return value

    def table(self, value: object, where: str) -> Mapping[str, object]:
        if not isinstance(value, dict):
            self.refuse(where, "it takes a table")
        return value
