"""The page on Python, as it stands, and plans beside what the command prints of them."""

from __future__ import annotations

import doctest
import os
import re
from typing import TYPE_CHECKING

import pytest

import zfstune
from source_tree import ROOT
from zfstune.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.engine.protocol import Engine

PAGE = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, each with the output that stands below it."""
    monkeypatch.chdir(tmp_path)
    examples = "".join(re.findall(r"^```pycon\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "python.md", None, 0)
    told: list[str] = []
    results = doctest.DocTestRunner().run(test, out=told.append)
    assert results.attempted > 30
    assert results.failed == 0, "".join(told)


def test_the_functions_are_listed() -> None:
    """The page names each public function and each value that one returns."""
    errors = {n for n in zfstune.__all__ if n[0].isupper() and issubclass_of_error(n)}
    parts = {"Finding", "Pace", "PrunePlan", "Retuning", "RewindPlan", "Verdict", "Wishes"}
    missing = {
        name
        for name in {*zfstune.__all__} - errors - parts - {"__version__"}
        if f"`{name}" not in PAGE
    }
    assert missing == set()


def issubclass_of_error(name: str) -> bool:
    """Tell whether a public class is one of zfstune's errors."""
    value = getattr(zfstune, name)
    return isinstance(value, type) and issubclass(value, zfstune.ZfstuneError)


def test_the_fixture_for_several_pools(pytester: pytest.Pytester) -> None:
    """The example of the page runs as it stands there."""
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    pytester.makepyfile(example)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def plans() -> dict[str, Callable[[Engine], object]]:
    """Give command lines that change nothing, and the function that does the same."""
    return {
        "plan git": lambda e: zfstune.plan("git", engine=e),
        "apply git -n": lambda e: zfstune.apply("git", engine=e, dry_run=True),
        "unmanage tank/data/logs -n": lambda e: zfstune.unmanage(
            "tank/data/logs", engine=e, dry_run=True
        ),
        "destroy tank/data/logs -n": lambda e: zfstune.destroy(
            "tank/data/logs", engine=e, dry_run=True
        ),
        "prune tank/a --keep 1 --match * -n": lambda e: (
            zfstune.prune("tank/a", keep=1, match="*", engine=e, dry_run=True).plan
        ),
        "hold x tank/a@1 -n": lambda e: zfstune.hold(
            "x", "tank/a@1", engine=e, dry_run=True
        ),
        "release t tank/a@1 -n": lambda e: zfstune.release(
            "t", "tank/a@1", engine=e, dry_run=True
        ),
        "rollback tank/a@2 -n": lambda e: zfstune.rollback(
            "tank/a@2", engine=e, dry_run=True
        ),
        "checkpoint drop one -n": lambda e: zfstune.drop_checkpoint(
            "one", engine=e, dry_run=True
        ),
        "clone tank/a@1 tank/new -n": lambda e: zfstune.clone(
            "tank/a@1", "tank/new", engine=e, dry_run=True
        ),
        "golden create tank/a -n": lambda e: zfstune.golden.create(
            "tank/a", engine=e, dry_run=True
        ),
        "replicate tank/a tank/copy -n": lambda e: zfstune.replicate(
            "tank/a", "tank/copy", engine=e, dry_run=True
        ),
        "failover tank/a --standby -n": lambda e: zfstune.failover(
            "tank/a", standby=True, engine=e, dry_run=True
        ),
        "send tank/a@2 -n": lambda e: zfstune.send("tank/a@2", None, engine=e),
        "diff tank/a@1 tank/a@2": lambda e: zfstune.diff("tank/a@1", "tank/a@2", engine=e),
        "compare tank/a@1 tank/a@2": lambda e: zfstune.compare(
            "tank/a@1", "tank/a@2", engine=e
        ),
        "verify --files 0": lambda e: zfstune.verify(files=0, engine=e),
        "explain postgres": lambda e: zfstune.explain("postgres", engine=e),
        "status": lambda e: zfstune.status(engine=e),
        "doctor": zfstune.doctor,
    }


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a pool with something to plan for."""
    file = tmp_path_factory.mktemp("python") / "x.zpool"
    with zfstune.open(file, create_bytes=256 << 20) as engine:
        zfstune.apply("logs", owner=False, engine=engine)
        engine.create("tank/a")
        zfstune.checkpoint("one", "tank/a", engine=engine)
        for short in ("1", "2"):
            engine.take_snapshots([f"tank/a@{short}"])
        engine.hold(["tank/a@1"], "t")
    return file


@pytest.mark.parametrize("line", plans())
def test_a_plan_as_text_is_what_the_command_prints(
    printed: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """Word for word."""
    status = main(["--image", os.fspath(printed), *line.split()])
    assert status in (0, 3, 4), capsys.readouterr().err
    out = capsys.readouterr().out
    with zfstune.open(printed) as engine:
        assert str(plans()[line](engine)) + "\n" == out
