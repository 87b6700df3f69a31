"""The policies that datasets carry: read, store and drop them."""

from __future__ import annotations

from zfstune import names
from zfstune.errors import PolicyError
from zfstune.policy import POLICY_PROPERTY
from zfstune.policy_text import format_policy, parse_policy
from zfstune.pools import ready_pool
from zfstune.state import INHERITED, LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from zfstune.engine import Engine
    from zfstune.policy import Policy
    from zfstune.state import Dataset

__all__ = ["clear_policy", "set_policy", "stored_policies", "zone"]


def stored_policies(
    engine: Engine, datasets: Iterable[Dataset], *, allow_zero: bool = False
) -> dict[str, tuple[Policy, str]]:
    """Give the policy in force of each dataset that has one, and where it was set.

    One that came with a received stream counts for nothing, on the dataset itself as
    on those below: whoever sent it does not decide what is destroyed here.

    Args:
        engine: Asked for the datasets above those given.
        datasets: With their properties.
        allow_zero: Consent to ``keep=0`` in a stored policy.

    Raises:
        PolicyError: A stored policy cannot be read; the message names the dataset.
    """
    known = {dataset.name: dataset for dataset in datasets}
    listed = list(known.values())
    parsed: dict[str, Policy] = {}
    found = {}
    for dataset in listed:
        origin = _origin(engine, dataset, known)
        if not origin:
            continue
        text = dataset.value(POLICY_PROPERTY) or ""
        if text not in parsed:
            try:
                parsed[text] = parse_policy(text, allow_zero=allow_zero)
            except PolicyError as error:
                raise PolicyError(
                    f"cannot follow the policy of '{origin}': {error.message}",
                    hint=error.hint or f"store another: zfstune policy set {origin} ...",
                ) from None
        found[dataset.name] = (parsed[text], origin)
    return found


def _origin(engine: Engine, dataset: Dataset, known: dict[str, Dataset]) -> str:
    """Give the dataset that somebody set the policy in force on, here; else nothing."""
    value = dataset.properties.get(POLICY_PROPERTY)
    if value is None or value.source not in (LOCAL, INHERITED):
        return ""
    if value.source == LOCAL:
        return dataset.name
    if value.origin not in known:
        known[value.origin] = engine.dataset(value.origin)
    above = known[value.origin].local(POLICY_PROPERTY)
    return value.origin if above is not None else ""


def set_policy(engine: Engine, dataset: str, policy: Policy) -> str:
    """Store a policy on a dataset, for itself and those below; give its text.

    Raises:
        PolicyError: There is no such zone, or the policy has no text.
        EngineError: ZFS refused.
    """
    text = format_policy(policy)
    parse_policy(text, allow_zero=True)  # what is written must be readable, and short
    zone(policy)
    ready_pool(
        engine, names.pool_of(names.check_dataset(dataset)), operation="store in pool"
    )
    engine.set(dataset, {POLICY_PROPERTY: text})
    return text


def clear_policy(engine: Engine, dataset: str) -> None:
    """Drop a dataset's own policy; that of a dataset above it is in force again.

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
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (as above)

    try:
        return ZoneInfo(policy.tz)
    except (KeyError, ValueError, OSError):
        raise PolicyError(
            f"cannot use policy 'tz={policy.tz}': this system knows no such zone",
            hint="zones are named like Europe/Berlin; Debian has them in tzdata",
        ) from None
