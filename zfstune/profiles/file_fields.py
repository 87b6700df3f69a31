"""The fields of a profile's file: each one read and checked, or refused by name.

Every refusal names the file, the table and the key, and suggests a word where one was
likely misspelt.
"""

from __future__ import annotations

from zfstune.profiles.profile import NAME_CHARACTERS
from zfstune.values import names as naming
from zfstune.values import properties as props
from zfstune.values.errors import InvalidName, InvalidProperty, ProfileError
from zfstune.values.text import did_you_mean, nearest, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

__all__ = ["FieldReader"]

_MAX_NAME = 64
_MAX_MODE = 0o7777
_MAX_RECORD = 16 << 20  # SPA_MAXBLOCKSIZE, include/sys/fs/zfs.h


class FieldReader:
    """Reads single fields of a file.

    In all methods, `where` is the place in the file, for messages.

    Args:
        origin: The file's name, for messages.
    """

    __slots__ = ("origin",)

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def refuse(self, where: str, reason: str, hint: str = "") -> NoReturn:
        """Raise the ProfileError for a place in the file."""
        message = f"cannot load profile '{shown(self.origin)}': {where}: {reason}"
        raise ProfileError(message, hint=hint)

    def table(self, value: object, where: str, hint: str = "") -> Mapping[str, object]:
        """Read a table; `hint` is an example of one."""
        if not isinstance(value, dict):
            self.refuse(where, "it must be a table", hint and f"as in {hint}")
        return value

    def only(self, table: Mapping[str, object], where: str, known: tuple[str, ...]) -> None:
        """Refuse keys that are not known."""
        for key in table:
            if key not in known:
                hint = did_you_mean(key, known, "known keys: " + ", ".join(known))
                self.refuse(where, f"unknown key '{shown(key)}'", hint)

    def text(self, table: Mapping[str, object], where: str, key: str) -> str:
        """Read a text that must be there and must not be empty."""
        if key not in table:
            near = nearest(key, table)
            hint = f"is '{shown(near)}' a misspelling of it?" if near else ""
            self.refuse(where, f"key '{key}' is missing", hint)
        value = table[key]
        if not isinstance(value, str):
            self.refuse(where, f"key '{key}': it must be text in quotes")
        if not value.strip():
            self.refuse(where, f"key '{key}' is empty")
        return value

    def prose(self, table: Mapping[str, object], where: str, key: str) -> str:
        """Read a sentence: joined into one line, and fit for a terminal."""
        sentence = " ".join(self.text(table, where, key).split())
        if not sentence.isprintable():
            self.refuse(where, f"key '{key}': it holds characters that cannot be printed")
        return sentence

    def word(self, word: str, where: str, key: str) -> str:
        """Check a word of lowercase letters, digits and dashes, such as a name."""
        if (
            not set(word) <= NAME_CHARACTERS
            or len(word) > _MAX_NAME
            or word[:1] in {"", "-"}
        ):
            self.refuse(where, f"{key}: '{shown(word)}' must be lowercase words and dashes")
        return word

    def path(self, path: str, where: str) -> str:
        """Check the path of a dataset, relative to the root."""
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
        """Read the name of a user or a group, None: the key is missing."""
        if key not in table:
            return None
        account = self.text(table, where, key)
        if not account.isprintable() or set(account) & set(":/ "):
            self.refuse(where, f"key '{key}': '{shown(account)}' is not an account's name")
        return account

    def mode(self, table: Mapping[str, object], where: str) -> int | None:
        """Read permission bits, None: the key is missing."""
        if "mode" not in table:
            return None
        text = self.text(table, where, "mode")
        if not set(text) <= set("01234567") or int(text, 8) > _MAX_MODE:
            reason = f"key 'mode': '{shown(text)}' is not an octal mode such as 0750"
            self.refuse(where, reason)
        return int(text, 8)

    def check(self, values: dict[str, str], where: str) -> None:
        """Check values of properties, together, for a filesystem that is to be made."""
        # The planner sees to the limits of the running release.
        limits = props.Limits(max_recordsize_bytes=_MAX_RECORD)
        try:
            props.check(values, kind="filesystem", creating=True, limits=limits)
        except InvalidProperty as error:
            self.refuse(where, error.message, error.hint)
