"""The policies that datasets carry: read, store and drop them."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import datasets_below, ready_pool
from zfstune.retention.policy import Followed
from zfstune.retention.policy_text import parse_policy, stored_form
from zfstune.values import names
from zfstune.values.errors import EngineError, PolicyError, PoolSuspended
from zfstune.values.marks import POLICY_PROPERTY, set_here_on
from zfstune.values.state import LOCAL, RECEIVED
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from datetime import tzinfo

    from zfstune.engine.protocol import Engine
    from zfstune.retention.policy import Policy
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset


__all__ = [
    "clear_policy",
    "drop_policy",
    "list_policies",
    "not_followed",
    "own_policies",
    "set_policy",
    "store_policy",
    "stored_policies",
    "zone",
]


def stored_policies(
    engine: Engine,
    datasets: Iterable[Dataset],
    *,
    allow_zero: bool = False,
    faults: MutableMapping[str, ZfstuneError] | None = None,
) -> dict[str, Followed]:
    """Return the policy in force of each dataset that has one.

    A policy that came in a received stream counts for nothing, neither on the dataset
    itself nor on those below: the sender does not decide what is destroyed here.

    Args:
        engine: The engine to read the datasets above from.
        datasets: Datasets with their properties.
        allow_zero: Consent to a ``keep=0`` that was stored without consent.
        faults: Gets each dataset whose policy cannot be read, and the reason, so that
            the others still count.

    Raises:
        PolicyError: A stored policy cannot be read; the message names the dataset.
    """
    known = {dataset.name: dataset for dataset in datasets}
    listed = list(known.values())
    parsed: dict[str, Policy] = {}
    followed: dict[str, Followed] = {}

    def dataset_named(name: str) -> Dataset:
        if name not in known:
            known[name] = engine.dataset(name)
        return known[name]

    for dataset in listed:
        try:
            origin = set_here_on(dataset, POLICY_PROPERTY, dataset_named)
            if not origin:
                continue
            text = dataset.value(POLICY_PROPERTY) or ""
            if text not in parsed:
                parsed[text] = _read(text, origin, allow_zero=allow_zero)
        except PoolSuspended:
            raise
        except (PolicyError, EngineError) as error:
            if faults is None:
                raise
            faults[dataset.name] = error
            continue
        followed[dataset.name] = Followed(parsed[text], origin)
    return followed


def own_policies(datasets: Iterable[Dataset]) -> dict[str, str | None]:
    """Return the text of each policy that is set on a dataset itself.

    None stands for a policy that was received. It counts for nothing, and yet the
    policy of a dataset above is not in force there.
    """
    values = {
        dataset.name: dataset.properties.get(POLICY_PROPERTY)
        for dataset in datasets
        if not dataset.damaged
    }
    return {
        name: value.value if value.source == LOCAL else None
        for name, value in values.items()
        if value is not None and value.source in (LOCAL, RECEIVED)
    }


def _read(text: str, origin: str, *, allow_zero: bool) -> Policy:
    try:
        return parse_policy(text, allow_zero=allow_zero)
    except PolicyError as error:
        raise not_followed(origin, error, text) from None


def not_followed(origin: str, error: PolicyError, text: str = "") -> PolicyError:
    """Make an error that names the dataset whose policy cannot be followed.

    Args:
        origin: The dataset that the policy is stored on.
        error: The error about the policy itself.
        text: The policy as it is stored, where that is known.
    """
    command = f"zfstune policy set {for_shell(origin)} hourly=48 daily=30"
    hint = error.hint or f"store another policy, as in: {command}"
    if text and _lacks_consent_alone(text):
        hint = (
            "the policy was stored without consent to keep=0; to consent: zfstune policy "
            f"set --all-of-them {for_shell(origin)} {for_shell(text)}"
        )
    message = f"cannot follow the policy of '{origin}': {error.message}"
    return PolicyError(message, hint=hint, dataset=origin)


def _lacks_consent_alone(text: str) -> bool:
    try:
        parse_policy(text, allow_zero=True)
    except PolicyError:
        return False
    return True


def list_policies(*datasets: str, engine: Engine | None = None) -> dict[str, Followed]:
    """Return the policy in force of each dataset that has one.

    Args:
        datasets: Full names, each with all below it; default: all of all pools.
        engine: Default: the running kernel's ZFS.

    Returns:
        Name to the policy, and to the dataset that it was set on.

    Raises:
        PolicyError: A stored policy cannot be followed; the message names its dataset.
        EngineError: A dataset does not exist, or ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        return stored_policies(zfs, datasets_below(zfs, datasets).values())


def store_policy(
    dataset: str, policy: Policy | str, *, engine: Engine | None = None
) -> str:
    """Store a policy on a dataset, which it and the datasets below follow from now on.

    Args:
        dataset: Its full name.
        policy: The policy, or its text, as in ``hourly=48 daily=30``.
        engine: Default: the running kernel's ZFS.

    Returns:
        The text that was stored.

    Raises:
        PolicyError: The text is no policy, or it keeps nothing and does not say so.
        EngineError: ZFS refused.
        ZfsUnavailable: There is no ZFS here.
    """
    parsed = parse_policy(policy) if isinstance(policy, str) else policy
    with using(engine) as zfs:
        return set_policy(zfs, dataset, parsed)


def drop_policy(dataset: str, *, engine: Engine | None = None) -> None:
    """Drop a dataset's own policy; that of a dataset above is in force again.

    Raises:
        EngineError: ZFS refused.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        clear_policy(zfs, dataset)


def set_policy(
    engine: Engine, dataset: str, policy: Policy, *, dry_run: bool = False
) -> str:
    """Store a policy on a dataset, for it and those below; return the stored text.

    The consent to a ``keep=0`` is stored with it. A dry run checks all of it, and stores
    nothing.

    Raises:
        PolicyError: There is no such zone, or the policy has no text.
        EngineError: ZFS refused.
    """
    text = stored_form(policy)
    parse_policy(text)  # refuse a text that could not be read back
    zone(policy)
    ready_pool(
        engine, names.pool_of(names.check_dataset(dataset)), operation="store in pool"
    )
    if not dry_run:
        engine.set(dataset, {POLICY_PROPERTY: text})
    return text


def clear_policy(engine: Engine, dataset: str) -> None:
    """Remove a dataset's own policy; the one of a dataset above is in force again.

    Raises:
        EngineError: ZFS refused.
    """
    ready_pool(
        engine, names.pool_of(names.check_dataset(dataset)), operation="store in pool"
    )
    engine.inherit(dataset, POLICY_PROPERTY)


def zone(policy: Policy) -> tzinfo:
    """Load the zone that a policy names.

    Raises:
        PolicyError: This system knows no such zone.
    """
    from datetime import UTC  # noqa: PLC0415 (a count alone needs no zone)

    if policy.tz == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (a count alone needs no zone)

    try:
        return ZoneInfo(policy.tz)
    except (KeyError, ValueError, OSError):
        raise PolicyError(
            f"cannot use policy 'tz={policy.tz}': this system knows no such zone",
            hint="zones are named like Europe/Berlin; Debian has them in tzdata",
        ) from None
