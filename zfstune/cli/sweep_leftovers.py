"""Remove what a killed measurement has left, on the way of another verb, and say so."""

from __future__ import annotations

from zfstune.cli.output import warn
from zfstune.measurement.sweep import remove_scratch, scratch_left
from zfstune.values.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine

__all__ = ["sweep_leftovers"]


def sweep_leftovers(engine: Engine, pools: Iterable[str], *, dry_run: bool) -> None:
    """Remove the scratch datasets of killed measurements in pools that a verb is about.

    What cannot be removed is said and left: it must not stop the verb.

    Args:
        engine: Where the pools are.
        pools: Their names.
        dry_run: Name them only.
    """
    if engine.file:  # the next measurement on an image sweeps it
        return
    try:
        for name in scratch_left(engine, frozenset(pools)):
            if dry_run:
                warn(f"a measurement that was killed left '{name}', which would be removed")
                continue
            remove_scratch(engine, name)
            warn(f"removed '{name}', which a measurement that was killed had left")
    except EngineError as error:
        warn(error.message, error.hint)
