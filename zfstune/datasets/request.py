"""The two values that a plan is made from: what a call asks for, and what is there."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.frozen import frozen
from zfstune.values.names import default_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.profiles.profile import Profile
    from zfstune.values.exports import Exports
    from zfstune.values.state import Dataset, Limits, Mount, Place, PoolInfo

__all__ = ["Machine", "Request"]

_NO_VALUES: Mapping[str, str] = MappingProxyType({})
_NO_PLACES: Mapping[str, Place] = MappingProxyType({})


@frozen
class Request:
    """What one call of plan or apply asks for.

    Attributes:
        profiles: The profiles, loaded, those of roles among them.
        roles: Names of the roles that were asked for.
        pool: Name of the pool, None: the one that is chosen by default.
        root: The dataset that the profiles' paths hang below, None: ``POOL/data``.
        overrides: Property to value for the first dataset of each profile.
        owner: Give mounted directories the owner and mode of the profile.
        allow_unsafe: Let `overrides` and variants disable sync or checksums.
    """

    profiles: tuple[Profile, ...]
    roles: tuple[str, ...] = ()
    pool: str | None = None
    root: str | None = None
    overrides: Mapping[str, str] = _NO_VALUES
    owner: bool = True
    allow_unsafe: bool = False

    def root_on(self, pool: str) -> str:
        """Return the dataset that the profiles' paths hang below on a pool."""
        return self.root or default_root(pool)


@frozen
class Machine:
    """What is there before a plan: one pool, and what this machine does with it.

    Attributes:
        pool: The pool that the root lies in.
        datasets: By name: the root, its ancestors and all below it that exist.
        mounts: What is mounted, by dataset, of all pools.
        limits: What the running module takes.
        accounts: Numbers of users by name, of those that the profiles name.
        groups: Numbers of groups by name, likewise.
        exports: What NFS serves; None: leave that alone.
        places: What is at the paths that were looked at, by path.
    """

    pool: PoolInfo
    datasets: Mapping[str, Dataset]
    mounts: Mapping[str, Mount]
    limits: Limits
    accounts: Mapping[str, int]
    groups: Mapping[str, int]
    exports: Exports | None = None
    places: Mapping[str, Place] = _NO_PLACES
