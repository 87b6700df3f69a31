"""zrepl's configuration: of each job the rules of its ``pruning`` section.

zrepl destroys a snapshot when every rule of a job agrees to, whoever took it: so rules
are a union, and what several jobs on one dataset leave is what each of them keeps. An
expression need only match a part of a name. Where a rule keeps all that an expression
does not match, as zrepl's own examples do, what is out of scope stays, and a policy
here says just that.
"""

from __future__ import annotations

from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    Imported,
    LeftOut,
    NotKeptError,
    Reading,
)
from zfstune.retention.imports.tree import work_out_by_name
from zfstune.retention.imports.yaml_text import is_null, read_truth, read_yaml
from zfstune.retention.imports.zrepl_rules import read_rules
from zfstune.values.errors import InvalidName, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from zfstune.retention.imports.zrepl_rules import Kept

__all__ = ["read"]

# What is required of a job's pruning, by the job's type; nothing where it has none.
_SIDES = {
    "snap": ("keep",),
    "push": ("keep_sender", "keep_receiver"),
    "pull": ("keep_sender", "keep_receiver"),
    "sink": (),
    "source": (),
}
_AWAY = "{} of job '{}' is for the other side: run that command there"
_BELOW = "'{}' itself is left alone, as zrepl does"
_INCLUDE_HINT = "put the jobs of all of its files into one"
_TWO_JOBS = (
    "jobs {} prune it by different rules; what several jobs leave is no union of rules"
)


@frozen
class _Job:
    """What a job prunes on this host, and by which rules."""

    name: str
    # dataset, whether those below are meant as well, whether it is taken in
    filter: tuple[tuple[str, bool, bool], ...]
    rules: Kept | LeftOut
    note: str = ""

    def takes(self, dataset: str) -> bool:
        """Tell whether the filter takes a dataset in; the longest entry decides."""
        best, taken = -1, False
        for path, subtree, wanted in self.filter:
            if path == dataset and not subtree:
                return wanted
            is_below = not path or f"{dataset}/".startswith(f"{path}/")
            if subtree and is_below and len(path) > best:
                best, taken = len(path), wanted
        return taken


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read a zrepl.yml."""
    jobs: list[_Job] = []
    away: list[Imported] = []
    left_out: list[LeftOut] = []
    for number, table in enumerate(_jobs(text), 1):
        name = table.get("name")
        called = f"job {shown(name)}" if isinstance(name, str) and name else f"job {number}"
        try:
            for found in _sides(table, called.removeprefix("job ")):
                if isinstance(found, _Job):
                    jobs.append(found)
                elif isinstance(found, Imported):
                    away.append(found)
                else:
                    left_out.append(found)
        except NotKeptError as error:
            refused = LeftOut(called, error.reason, hint=error.hint)
            left_out.append(refused)
            # it may prune what other jobs prune, and nobody knows how
            jobs.append(_Job(called, tuple(_filter_if_any(table)), refused))
    named = {path for job in jobs for path, _, _ in job.filter}
    reading = work_out_by_name("zrepl", lambda name: _combined(name, jobs), named, datasets)
    return Reading((*reading.policies, *away), (*left_out, *reading.left_out))


def _jobs(text: str) -> list[dict[str, object]]:
    try:
        whole = read_yaml(text)
    except PolicyError as error:
        raise PolicyError(
            f"cannot import from zrepl: {error.message}", hint=error.hint
        ) from None
    if not isinstance(whole, dict):
        raise PolicyError("cannot import from zrepl: there is no list of jobs")
    odd = whole.keys() - {"jobs", "global", "include"}
    if odd:
        raise PolicyError(f"cannot import from zrepl: nobody knows '{shown(min(odd))}'")
    if whole.get("include") and not is_null(whole["include"]):
        raise PolicyError(
            "cannot import from zrepl: 'include' takes in jobs of other files, which may "
            "prune the same datasets",
            hint=_INCLUDE_HINT,
        )
    jobs = whole.get("jobs")
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise PolicyError("cannot import from zrepl: there is no list of jobs")
    return jobs


def _sides(table: Mapping[str, object], name: str) -> Iterator[_Job | Imported | LeftOut]:
    """Give what a job prunes here, and what on the other side."""
    kind = _text(table, "type")
    if kind not in _SIDES:
        raise NotKeptError(f"nobody knows a job of type '{shown(kind)}'")
    pruning = table.get("pruning", {})
    if is_null(pruning):
        pruning = {}
    if not isinstance(pruning, dict) or pruning.keys() != set(_SIDES[kind]):
        wanted = " and ".join(_SIDES[kind]) or "none"
        raise NotKeptError(f"its pruning should hold {wanted}, as jobs of type {kind} do")
    for side in _SIDES[kind]:
        rules = _side_rules(pruning[side], side, name)
        if (side, kind) in (("keep_receiver", "push"), ("keep_sender", "pull")):
            yield _away(rules, side, name)
        elif side == "keep_receiver":
            root = _dataset(_text(table, "root_fs"))
            # zrepl prunes what it received, which is below
            taken = ((root, True, True), (root, False, False))
            yield _Job(name, taken, rules, _BELOW.format(root))
        else:
            yield _Job(name, tuple(_filter(table)), rules)


def _side_rules(rules: object, side: str, name: str) -> Kept | LeftOut:
    try:
        if not isinstance(rules, list):
            raise NotKeptError("it is no list")  # noqa: TRY301 (one place says where)
        return read_rules(rules)
    except NotKeptError as error:
        return LeftOut(f"{side} of job {name}", error.reason, hint=error.hint)


def _away(rules: Kept | LeftOut, side: str, name: str) -> Imported | LeftOut:
    if isinstance(rules, LeftOut):
        return rules
    return Imported("", rules.policy, (*rules.notes, _AWAY.format(side, name)))


def _filter(table: Mapping[str, object]) -> Iterator[tuple[str, bool, bool]]:
    filters = table.get("filesystems")
    if not isinstance(filters, dict):
        raise NotKeptError("it has no 'filesystems' to go by")
    for key, value in filters.items():
        wanted = read_truth(value)
        if wanted is None:
            raise NotKeptError(f"filesystems: '{shown(key)}' is neither true nor false")
        path = key.removesuffix("<")
        yield _dataset(path) if path or path == key else "", path != key, wanted


def _filter_if_any(table: Mapping[str, object]) -> Iterator[tuple[str, bool, bool]]:
    """Give what a job that cannot be read may prune: all that it names, or anything."""
    try:
        yield from list(_filter(table))
    except NotKeptError:
        yield "", True, True


def _combined(dataset: str, jobs: list[_Job]) -> Imported | LeftOut | None:
    """Give what all jobs together leave of a dataset's snapshots."""
    taking = [job for job in jobs if job.takes(dataset)]
    if not taking:
        return None
    kept: list[Kept] = []
    prunes: list[_Job] = []
    notes: list[str] = []
    for job in taking:
        if isinstance(job.rules, LeftOut):
            refused = job.rules
            reason = f"{refused.name}: {refused.reason}"
            return LeftOut(dataset, reason, dataset, refused.hint)
        notes += [*job.rules.notes, *[job.note] * bool(job.note)]
        if job.rules.policy != LEAVE_ALONE:
            prunes.append(job)
            kept.append(job.rules)
    if not kept:
        return Imported(dataset, LEAVE_ALONE)
    together = kept[0]
    for each in kept[1:]:
        both = together.beside(each)
        if both is None:
            listed = " and ".join(f"'{shown(job.name)}'" for job in prunes)
            return LeftOut(dataset, _TWO_JOBS.format(listed), dataset)
        together = both
    return Imported(dataset, together.policy, tuple(dict.fromkeys(notes)))


def _dataset(name: str) -> str:
    try:
        check_dataset(name)
    except InvalidName as error:
        raise NotKeptError(error.message) from None
    return name


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or is_null(value):
        raise NotKeptError(f"it has no '{key}'")
    return value
