"""The two values that a plan is made from: a call's request, and the machine's state."""

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
    """The request of one call of plan or apply.

    Attributes:
        profiles: The profiles, loaded, those of roles among them.
        roles: Names of the roles that were asked for.
        pool: Name of the pool, None: the one that is chosen by default.
        root: The dataset that the profiles' paths hang below, None: ``POOL/data``.
        overrides: Property to value for the first dataset of each profile.
        owner: Give mounted directories the owner and mode of the profile.
        allow_unsafe: Let `overrides` and variants disable sync or checksums.
        at: The dataset, made by somebody else, that is the first one of the only profile;
            None: the profiles' own paths count.
        stands_for: The path that it has in that profile.
        left_out: The profile's paths that do not lie below that one.
    """

    profiles: tuple[Profile, ...]
    roles: tuple[str, ...] = ()
    pool: str | None = None
    root: str | None = None
    overrides: Mapping[str, str] = _NO_VALUES
    owner: bool = True
    allow_unsafe: bool = False
    at: str | None = None
    stands_for: str = ""
    left_out: tuple[str, ...] = ()

    def root_on(self, pool: str) -> str:
        """Return the dataset that the profiles' paths hang below on a pool."""
        return self.root or default_root(pool)


@frozen
class Machine:
    """The state of one pool and of this machine that a plan starts from.

    Attributes:
        pool: The pool that the root lies in.
        datasets: By name: the root, its ancestors and all below it that exist.
        mounts: The mounts of all pools, by dataset.
        limits: The limits of the running module.
        accounts: Numbers of the users in the profiles, by name.
        groups: Numbers of their groups, by name.
        exports: The exports of NFS; None: leave them alone.
        places: The files found at paths where mounts belong, by path.
    """

    pool: PoolInfo
    datasets: Mapping[str, Dataset]
    mounts: Mapping[str, Mount]
    limits: Limits
    accounts: Mapping[str, int]
    groups: Mapping[str, int]
    exports: Exports | None = None
    places: Mapping[str, Place] = _NO_PLACES
