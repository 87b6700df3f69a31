"""Which datasets a prune looks at, and what each of them follows."""

from __future__ import annotations

from zfstune import names
from zfstune.errors import PolicyError
from zfstune.policy import POLICY_PROPERTY, Never
from zfstune.pools import choose_pool, ready_pool
from zfstune.state import is_managed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.engine import Engine
    from zfstune.policy import Policy
    from zfstune.state import Dataset

__all__ = ["followed"]


def followed(
    engine: Engine,
    given: Policy | None,
    datasets: Iterable[str],
    *,
    recursive: bool,
    pool: str | None,
    allow_zero: bool,
) -> tuple[dict[str, tuple[Policy, str]], dict[str, Dataset]]:
    """Choose the datasets to prune, and for each what it is to follow.

    Args:
        engine: Asked for datasets.
        given: The policy of the call; None: each dataset has its own.
        datasets: Those that the call names.
        recursive: Also all below them.
        pool: Where none is named.
        allow_zero: Consent to ``keep=0`` in a stored policy.

    Returns:
        Policies with the dataset that each was set on, itself where it was given;
        and what was read of datasets on the way.

    Raises:
        PolicyError: A dataset has no policy, or one that cannot be read.
    """
    wanted = list(dict.fromkeys(datasets))
    pools = {names.pool_of(name) for name in wanted} or {choose_pool(engine, pool)}
    for name in sorted(pools):
        ready_pool(engine, name, operation="prune pool")
    if given is not None and wanted and not recursive:
        return {name: (given, name) for name in wanted}, {}
    found: dict[str, Dataset] = {}
    for name in wanted or pools:
        below = engine.datasets(name, recursive=recursive or not wanted)
        found.update({dataset.name: dataset for dataset in below})
    if given is not None and not wanted:
        found = {name: d for name, d in found.items() if is_managed(d)}
        for name in _audited(engine, found):
            del found[name]
    if given is not None:
        return {name: (given, name) for name in found}, found
    from zfstune.policies import stored_policies  # noqa: PLC0415 (not for a count)

    stored = stored_policies(engine, found.values(), allow_zero=allow_zero)
    without = [name for name in wanted if name not in stored]
    if without or not stored:
        where = f" '{without[0]}'" if without else ""
        raise PolicyError(
            f"cannot prune{where}: no rule says what to keep",
            hint="say it, as in --keep 48, or store it: zfstune policy set DATASET keep=48",
        )
    return stored, found


def _audited(engine: Engine, datasets: Mapping[str, Dataset]) -> list[str]:
    """Give those whose own policy is that nothing ever goes.

    What is said on the command line wins, but only over a dataset that it names.
    """
    ruled = [d for d in datasets.values() if d.value(POLICY_PROPERTY) is not None]
    if not ruled:
        return []
    from zfstune.policies import stored_policies  # noqa: PLC0415 (not for a count)

    stored = stored_policies(engine, ruled, allow_zero=True)
    return [name for name, (policy, _) in stored.items() if Never() in policy.rules]
