"""Put a profile on a dataset that somebody made, wherever it lies."""

from __future__ import annotations

from zfstune.profiles.profile import standing_at
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.datasets.request import Request
    from zfstune.values.state import Mount

__all__ = ["paths_below", "put_on"]


def put_on(request: Request, at: str) -> Request:
    """Return the request with the paths of its profile moved to a dataset.

    Args:
        request: The request, of one profile and without a root.
        at: The dataset.

    Raises:
        InvalidName: No dataset can have that name.
        PlanError: Several profiles or a place beside this one are asked for, or it is the
            pool itself.
    """
    parent = parent_of(check_dataset(at))
    if len(request.profiles) != 1 or request.roles:
        raise PlanError(
            f"cannot put several profiles on '{at}'",
            hint="name one profile; --root applies several of them below a dataset",
        )
    if request.root is not None or request.pool not in (None, pool_of(at)):
        raise PlanError(
            f"cannot put a profile on '{at}' and in another place",
            hint="leave out --root and --pool",
        )
    profile = request.profiles[0]
    if parent is None:
        raise PlanError(
            f"cannot put profile '{profile.name}' on '{at}': it is the pool itself",
            hint=f"put it below: zfstune apply {for_shell(profile.name)} --root "
            f"{for_shell(at)}",
        )
    placed, left_out = standing_at(profile, at.rpartition("/")[2])
    return replace(
        request,
        profiles=(placed,),
        root=parent,
        at=at,
        stands_for=profile.datasets[0].path,
        left_out=left_out,
    )


def paths_below(request: Request, mounts: Mapping[str, Mount]) -> set[str]:
    """Return the paths in a mounted dataset where those of its profile would be mounted.

    Args:
        request: The request, with the profile put on the dataset.
        mounts: The mounts, by dataset.
    """
    mount = mounts.get(request.at or "")
    if request.at is None or mount is None:
        return set()
    names = [f"{request.root}/{dataset.path}" for dataset in request.profiles[0].datasets]
    return {
        f"{mount.path.rstrip('/')}{name.removeprefix(request.at)}"
        for name in names
        if name != request.at
    }
