"""All profiles at once: loaded, planned and explained."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from zfstune.datasets.apply import plan
from zfstune.engine.open import open_engine
from zfstune.profiles.explain import explain_opened
from zfstune.profiles.load import load, profile_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine


# Where Python starts in 20 ms, five starts are a tenth of a second.
YARDSTICK = "python -c 'import argparse'"
LAPS = {"all profiles: load, plan, explain": {YARDSTICK: 7, "library": 7}}
TARGETS = [("library", YARDSTICK, 5)]


def bench_profiles(measure: Callable[..., None], pool: str, peer: str) -> None:
    """What a configuration manager does that looks at everything."""
    if peer == YARDSTICK:
        argv = [sys.executable, "-c", "import argparse"]
        measure(lambda: subprocess.run(argv, check=True))
        return
    with open_engine() as engine:
        measure(lambda: load_plan_explain(engine, pool))


def load_plan_explain(engine: Engine, pool: str) -> None:
    """Read each profile three times: nothing of it is kept between calls."""
    names = profile_names()
    for name in names:
        load(name)
    made = plan(*names, pool=pool, owner=False, engine=engine)
    assert len(made.actions) > len(names)
    for name in names:
        assert str(explain_opened(name, pool=pool, opened=open_engine))
