"""Judge mutmut's results: did the tests notice that deciding code was changed?

mutmut (https://mutmut.readthedocs.io) changes one expression at a time and runs the
unit tests that reach it. A change that no test notices is a survivor. It either shows
a rule that no test holds, or it changes nothing that anybody could see: then it is
listed in equivalent.toml, with the reason.

    make mutants                          all modules that decide: many hours
    make mutants MODULES="retention.rules values.names"  some of them: minutes
    make mutants SAMPLE=1500 SEED=7       a random sample of all: an hour
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EQUIVALENT = HERE / "equivalent.toml"
LEAST_PERCENT = 95
# Exit statuses that mutmut notes for a run of the tests: 0 is a survivor, 5 and 33 say
# that no test reaches the code, None that the mutant was not tried.
SURVIVED = (0, 5, 33)
UNTRIED = (None, 2, 34)


@dataclass(frozen=True)
class Change:
    """One changed place of one function.

    Attributes:
        function: Dotted name, as in ``zfstune.retention.least_valuable._gap``.
        before: The lines as they are, without indentation.
        after: The lines as changed.
    """

    function: str
    before: str
    after: str

    def __str__(self) -> str:
        lines = [f"- {line}" for line in self.before.splitlines()]
        lines += [f"+ {line}" for line in self.after.splitlines()]
        return "\n".join((self.function, *(f"    {line}" for line in lines)))


@dataclass(frozen=True)
class Judgement:
    """What the tests noticed of one module's changes.

    Attributes:
        killed: How many changes a test noticed.
        survivors: Those that none did, and that are not listed as equivalent.
        equivalent: Those that are listed.
    """

    killed: int
    survivors: tuple[Change, ...]
    equivalent: tuple[Change, ...]

    @property
    def percent(self) -> float:
        """Share of the changes that could be noticed and were."""
        return 100 * self.killed / max(1, self.killed + len(self.survivors))


def judge(
    statuses: Mapping[str, int | None],
    show: Callable[[str], Change],
    equivalent: Iterable[Change],
) -> Judgement:
    """Judge one module's mutants.

    Args:
        statuses: Name of a mutant to the exit status of the tests.
        show: Gives what a mutant changes.
        equivalent: Changes that nobody could notice.
    """
    listed = set(equivalent)
    tried = {name: status for name, status in statuses.items() if status not in UNTRIED}
    alive = [show(name) for name, status in tried.items() if status in SURVIVED]
    return Judgement(
        len(tried) - len(alive),
        tuple(change for change in alive if change not in listed),
        tuple(change for change in alive if change in listed),
    )


def change_of(mutant: str, diff: str) -> Change:
    """Read what a mutant changes from mutmut's name for it and its unified diff."""
    qualified, _, _ = mutant.rpartition("__mutmut_")
    module, _, mangled = qualified.rpartition(".")
    # mutmut writes x_function, and xǁClassǁmethod
    function = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    # the first two lines name the files
    lines = diff.splitlines()[2:]

    def side(sign: str) -> str:
        return "\n".join(line[1:].strip() for line in lines if line.startswith(sign))

    return Change(f"{module}.{function}", side("-"), side("+"))


def read_equivalent(path: Path) -> dict[Change, str]:
    """Read the listed changes, each with the reason why nobody could notice it."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    return {
        Change(row["function"], row["before"].strip(), row["after"].strip()): row["why"]
        for row in rows
    }


def _show(mutant: str) -> Change:
    # mutmut is an extra of its own: `pip install '.[mutants]'`
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    return change_of(mutant, get_diff_for_mutant(mutant))


def main() -> int:
    """Print a line a module and each survivor; fail where the tests would not notice."""
    listed = read_equivalent(EQUIVALENT)
    total: Counter[str] = Counter()
    for meta in sorted((ROOT / "mutants").glob("zfstune/**/*.meta")):
        statuses = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        found = judge(statuses, _show, listed)
        if not found.killed + len(found.survivors) + len(found.equivalent):
            continue
        name = meta.relative_to(ROOT / "mutants").with_suffix("").as_posix()
        print(
            f"{name:<36} {found.percent:5.1f} %  {found.killed} killed, "
            f"{len(found.survivors)} survived, {len(found.equivalent)} equivalent"
        )
        for change in found.survivors:
            print(f"  {change}")
        total["killed"] += found.killed
        total["survived"] += len(found.survivors)
    percent = 100 * total["killed"] / max(1, total.total())
    print(f"all: {percent:.1f} % of {total.total()} killed; it takes {LEAST_PERCENT} %")
    return 0 if percent >= LEAST_PERCENT and not total["survived"] else 1


if __name__ == "__main__":
    sys.exit(main())
