"""The calls of an engine for the keys of encrypted datasets."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from zfstune.values.key import Key
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["KeyCalls"]


class KeyCalls(Protocol):
    """Calls for the keys of encrypted datasets.

    A key belongs to an encryption root, and counts for all below it that have no key of
    their own; the property ``encryptionroot`` names the root, and ``keystatus`` tells
    whether its key is loaded. Where a call takes None for a key, it reads the file that
    ``keylocation`` names, and raises :class:`~zfstune.values.errors.InvalidValue` where
    that names none. No message and no line of history shows a key.
    """

    def load_key(
        self, name: str, key: Key | None = None, *, check_only: bool = False
    ) -> None:
        """Load the key of an encryption root; this mounts nothing.

        Args:
            name: The encryption root.
            key: Its key.
            check_only: See whether the key is the right one, and load nothing.

        Raises:
            RefusedValue: The key is a wrong one, or the dataset has none of its own.
            AlreadyExists: Its key is loaded already.
        """

    def unload_key(self, name: str) -> None:
        """Unload the key of an encryption root: nothing below it can be read then.

        Raises:
            Busy: A filesystem or volume that needs the key is mounted or open.
            NotFound: Its key is not loaded.
        """

    def change_key(
        self,
        name: str,
        key: Key | None = None,
        *,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Give a dataset, whose key is loaded, a new key of its own.

        The data is not encrypted anew: its key stays, and is wrapped by the new one.

        Args:
            name: The dataset: an encryption root, or one that becomes a root by this.
            key: The new key.
            properties: ``keyformat``, ``keylocation`` and ``pbkdf2iters``. A root keeps
                its format and location unless they say otherwise.
        """

    def inherit_key(self, name: str, *, force: bool = False) -> None:
        """Make an encryption root use its parent's key instead of its own.

        Args:
            name: The encryption root; its parent is encrypted.
            force: Wrap nothing anew, for which no key has to be loaded. The root's key
                must be the parent's own already, as after raw receives of a tree: with
                any other, its data cannot be read any more.
        """

    def separate_key(self, name: str) -> None:
        """Make a dataset an encryption root of its own, with the key that it inherits.

        It wraps nothing anew, and no key has to be loaded.
        """
