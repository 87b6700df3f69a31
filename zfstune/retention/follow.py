"""Select the datasets that a prune looks at, and the policy that each follows."""

from __future__ import annotations

from zfstune.engine.pools import choose_pool, ready_pool
from zfstune.retention.policy import Followed
from zfstune.retention.rule_kinds import Never
from zfstune.values import names
from zfstune.values.errors import EngineError, PolicyError, PoolSuspended
from zfstune.values.frozen import frozen
from zfstune.values.marks import POLICY_PROPERTY, is_managed
from zfstune.values.state import damage_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    from zfstune.engine.protocol import Engine
    from zfstune.retention.policy import Policy
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset


__all__ = ["Selection", "select_datasets"]


@frozen
class Selection:
    """The datasets that a prune looks at.

    Attributes:
        followed: The policy of each dataset, and where it was set.
        read: The datasets that were read on the way, by name.
        failed: Datasets that cannot be pruned, and why.
    """

    followed: Mapping[str, Followed]
    read: Mapping[str, Dataset]
    failed: Mapping[str, ZfstuneError]

    def with_least(self, count: int | None) -> Selection:
        """Return this selection; each policy then also keeps the newest `count`."""
        if count is None:
            return self
        # Datasets that share a policy go on sharing one: it holds the tests of its scopes.
        policies = {each.policy for each in self.followed.values()}
        least = {policy: policy.with_least(count) for policy in policies}
        followed = {
            name: Followed(least[each.policy], each.set_on)
            for name, each in self.followed.items()
        }
        return Selection(followed, self.read, self.failed)


def select_datasets(
    engine: Engine,
    given: Policy | None,
    datasets: Iterable[str],
    *,
    recursive: bool,
    pool: str | None,
    allow_zero: bool,
) -> Selection:
    """Choose the datasets to prune, and the policy that each of them follows.

    Args:
        engine: The engine to read them from.
        given: The policy of the call; None: each dataset follows its own.
        datasets: Names, as the call has them; default: all datasets of the pool that
            have a policy or, where one is given, are managed.
        recursive: Also all datasets below them.
        pool: Where `datasets` is empty: see :func:`zfstune.engine.pools.choose_pool`.
        allow_zero: Consent to a ``keep=0`` that was stored without consent.

    Raises:
        InvalidName: A name is no dataset's.
        PolicyError: A dataset that was named has no policy, or none at all has one.
    """
    wanted = list(dict.fromkeys(map(names.check_dataset, datasets)))
    pools = {names.pool_of(name) for name in wanted} or {choose_pool(engine, pool)}
    for name in sorted(pools):
        ready_pool(engine, name, operation="prune pool")
    if given is not None and wanted and not recursive:
        return Selection({name: Followed(given, name) for name in wanted}, {}, {})
    failed: dict[str, ZfstuneError] = {}
    chosen: dict[str, Dataset] = {}
    for name in wanted or pools:
        try:
            below = engine.datasets(name, recursive=recursive or not wanted)
        except PoolSuspended:
            raise
        except EngineError as error:
            failed[name] = error
        else:
            failed.update({each.name: damage_of(each) for each in below if each.damaged})
            chosen.update({each.name: each for each in below if not each.damaged})
    if given is not None:
        if not wanted:
            chosen = {name: d for name, d in chosen.items() if is_managed(d)}
            for name in _audited(engine, chosen, failed):
                del chosen[name]
        return Selection({name: Followed(given, name) for name in chosen}, chosen, failed)
    from zfstune.retention.store import stored_policies  # noqa: PLC0415 (not for a count)

    stored = stored_policies(engine, chosen.values(), allow_zero=allow_zero, faults=failed)
    without = [name for name in wanted if name not in stored and name not in failed]
    if without or not (stored or failed):
        raise _no_rule(without, min(pools))
    return Selection(stored, chosen, failed)


def _no_rule(without: list[str], pool: str) -> PolicyError:
    where = f" '{without[0]}'" if without else ""
    return PolicyError(
        f"cannot prune{where}: no rule says what to keep",
        hint="give a rule, as in --keep 48, or store a policy, as in: "
        f"zfstune policy set {for_shell(without[0] if without else pool)} keep=48",
    )


def _audited(
    engine: Engine,
    datasets: Mapping[str, Dataset],
    failed: MutableMapping[str, ZfstuneError],
) -> list[str]:
    """Return the datasets whose own policy lets nothing go, or cannot be read.

    A policy on the command line wins over it only where the dataset is named, too.
    """
    with_policy = [d for d in datasets.values() if d.value(POLICY_PROPERTY) is not None]
    if not with_policy:
        return []
    from zfstune.retention.store import stored_policies  # noqa: PLC0415 (not for a count)

    faults: dict[str, ZfstuneError] = {}
    stored = stored_policies(engine, with_policy, allow_zero=True, faults=faults)
    failed.update(faults)
    kept = [name for name, each in stored.items() if Never() in each.policy.rules]
    return [*kept, *faults]
