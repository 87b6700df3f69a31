"""What judges the mutants: a judge that lets survivors pass would be worse than none."""

from __future__ import annotations

import tomllib
from pathlib import Path

from judge import EQUIVALENT, Change, change_of, judge, read_equivalent
from sample import sample

ROOT = Path(__file__).resolve().parents[2]

DIFF = """--- zfstune/values/names.py
+++ zfstune/values/names.py
@@ -1,3 +1,3 @@
 def is_day(day: int) -> bool:
-    return 0 < day <= 31
+    return 0 <= day <= 31
"""
DAY = Change("zfstune.values.names.is_day", "return 0 < day <= 31", "return 0 <= day <= 31")


def test_a_mutant_is_known_by_its_function_and_lines() -> None:
    """Numbers of mutants move with each edit; function and text do not."""
    assert change_of("zfstune.values.names.x_is_day__mutmut_4", DIFF) == DAY
    method = change_of("zfstune.retention.policy.xǁGroupǁscope__mutmut_12", DIFF)
    assert method.function == "zfstune.retention.policy.Group.scope"


def test_survivors_are_told_from_killed_and_listed_ones() -> None:
    """Surviving and unreached mutants count against the tests, unless they are listed."""
    other = Change("zfstune.values.names.other", "a", "b")
    statuses = {"killed": 1, "timeout": 36, "alive": 0, "unreached": 33, "untried": None}
    shown = {"alive": DAY, "unreached": other}
    found = judge(statuses, shown.__getitem__, [DAY])
    assert (found.killed, found.survivors, found.equivalent) == (2, (other,), (DAY,))
    assert round(found.percent) == 67


def test_listed_changes_have_a_reason_and_still_fit_the_code() -> None:
    """What is listed for code that is gone would hide a survivor one day."""
    for change, why in read_equivalent(EQUIVALENT).items():
        parts = change.function.split(".")
        sources = [
            ROOT.joinpath(*parts[:length]).with_suffix(".py") for length in (2, 3, 4)
        ]
        text = "".join(s.read_text(encoding="utf-8") for s in sources if s.is_file())
        lines = {line.strip() for line in text.splitlines()}
        assert set(change.before.splitlines()) <= lines, change
        assert why.endswith("."), change


def test_every_module_that_is_to_be_judged_exists() -> None:
    """A module that moves takes its place in the list along."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["mutmut"]["only_mutate"]
    assert [p for p in patterns if not list(ROOT.glob(p))] == []


def test_a_sample_can_be_repeated_and_another_seed_gives_another() -> None:
    """The order in which files are found does not matter; no mutant comes twice."""
    names = [f"zfstune.values.names.x_check__mutmut_{number}" for number in range(50)]
    first = sample(names, 10, 1)
    assert first == sample(reversed(names), 10, 1)
    assert first != sample(names, 10, 2)
    assert len({*first} & {*names}) == 10
    assert sorted(sample(names, 99, 1)) == sorted(names)
