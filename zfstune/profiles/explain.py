"""Explain a profile for a pool, or for none where there is no ZFS."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool
from zfstune.profiles.explanation import explain_profile
from zfstune.profiles.load import load
from zfstune.values.errors import PlanError, ZfsUnavailable
from zfstune.values.properties import DEFAULT_LIMITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from zfstune.engine.protocol import Engine
    from zfstune.profiles.explanation import Explanation
    from zfstune.profiles.profile import Profile

__all__ = ["explain", "explain_opened"]


def explain(
    profile: str | Profile,
    *,
    variant: str | None = None,
    pool: str | None = None,
    engine: Engine | None = None,
) -> Explanation:
    """Explain a profile: its values, the reasons, and the values that the pool gets.

    Args:
        profile: A name (``postgres``, ``postgres:seed``), or a profile.
        variant: Explain that variant.
        pool: Default: see :func:`zfstune.engine.pools.choose_pool`. Where there is no
            pool, or no ZFS, the profile is explained for none.
        engine: Default: the running kernel's ZFS.

    Raises:
        ProfileError: There is no such profile or variant.
        NotFound: No pool of that name is imported.
        PlanError, ZfsUnavailable: A pool or an engine is given, and there is none.
    """
    return explain_opened(
        profile,
        variant=variant,
        pool=pool,
        opened=lambda: using(engine),
        needed=engine is not None,
    )


def explain_opened(
    profile: str | Profile,
    *,
    variant: str | None = None,
    pool: str | None = None,
    opened: Callable[[], AbstractContextManager[Engine]],
    needed: bool = False,
) -> Explanation:
    """Explain a profile by an engine that is opened where one is needed.

    Args:
        profile: A name (``postgres``, ``postgres:seed``), or a profile.
        variant: Explain that variant.
        pool: Default: see :func:`zfstune.engine.pools.choose_pool`.
        opened: Opens the engine.
        needed: Fail without ZFS or a pool, rather than explain for none.

    Raises:
        ProfileError: There is no such profile or variant.
        NotFound: No pool of that name is imported.
        PlanError, ZfsUnavailable: There is no pool, or no ZFS, and one is needed.
    """
    if isinstance(profile, str):
        profile, colon, named = profile.partition(":")
        variant = variant or (named if colon else None)
        profile = load(profile)
    if variant is not None:
        profile.variant(variant)  # refuse an unknown one before ZFS is opened
    try:
        with opened() as engine:
            info = engine.pool(choose_pool(engine, pool))
            return explain_profile(profile, variant, info, engine.limits)
    except (PlanError, ZfsUnavailable):
        if needed or pool is not None:
            raise
    return explain_profile(profile, variant, None, DEFAULT_LIMITS)
