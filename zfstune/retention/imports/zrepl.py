"""Read zrepl's configuration: the rules in the ``pruning`` section of each job.

The rules are those of internal/config/config.go, internal/pruning/pruning.go and
internal/daemon/filters/fsmapfilter.go (github.com/zrepl/zrepl). A snapshot stays if any
rule of a job keeps it, even if zrepl did not take it. So the rules of a job form a union,
as the rules of a policy do. Several jobs on one dataset prune one after the other, so
that a snapshot stays only if each of them keeps it. In zrepl's own examples one rule
keeps all snapshots that an expression does not match; in a policy, such snapshots are
out of scope.
"""

from __future__ import annotations

from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    Imported,
    LeftOut,
    NotKeptError,
    Reading,
    dataset_named,
)
from zfstune.retention.imports.tree import work_out_by_name
from zfstune.retention.imports.yaml_text import is_null, read_mapping, read_truth
from zfstune.retention.imports.zrepl_rules import read_rules
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from zfstune.retention.imports.zrepl_rules import Kept


__all__ = ["read"]

# The keys that a job's pruning must have, by the type of the job.
_SIDES = {
    "snap": ("keep",),
    "push": ("keep_sender", "keep_receiver"),
    "pull": ("keep_sender", "keep_receiver"),
    "sink": (),
    "source": (),
}
_AWAY = "{} of job '{}' is for the host on the other side: run its command there"
_BELOW = "the snapshots of '{}' itself stay, as with zrepl"
_INCLUDE_HINT = "put the jobs of all these files into one file"
_TWO_JOBS = (
    "jobs {} prune it one after the other by different rules, which a single policy cannot "
    "do"
)


@frozen
class _Job:
    """The datasets that a job prunes on this host, and its rules.

    Attributes:
        name: The job's name in messages.
        filter: Entries of a dataset, whether the entry is for the datasets below as
            well, and whether it takes them in or out.
        rules: The job's rules, or why no policy reproduces them.
        note: A fact for the user; empty if there is none.
    """

    name: str
    filter: tuple[tuple[str, bool, bool], ...]
    rules: Kept | LeftOut
    note: str = ""

    def takes(self, dataset: str) -> bool:
        """Tell whether the filter takes in a dataset; the longest entry decides."""
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
        title = f"job {shown(name)}" if isinstance(name, str) and name else f"job {number}"
        try:
            for side in _sides(table, title.removeprefix("job ")):
                if isinstance(side, _Job):
                    jobs.append(side)
                elif isinstance(side, Imported):
                    away.append(side)
                else:
                    left_out.append(side)
        except NotKeptError as error:
            refused = LeftOut(title, error.reason, hint=error.hint)
            left_out.append(refused)
            # The job may prune datasets of other jobs, by rules that are not known.
            jobs.append(_Job(title, tuple(_filter_if_any(table)), refused))
    named = {path for job in jobs for path, _, _ in job.filter}
    reading = work_out_by_name("zrepl", lambda name: _combined(name, jobs), named, datasets)
    return Reading((*reading.policies, *away), (*left_out, *reading.left_out))


def _jobs(text: str) -> list[dict[str, object]]:
    keys = ("jobs", "global", "include")
    whole = read_mapping(text, "zrepl", keys, "there is no list of jobs")
    if whole.get("include") and not is_null(whole["include"]):
        raise PolicyError(
            "cannot import from zrepl: 'include' adds the jobs of other files, which may "
            "prune the same datasets",
            hint=_INCLUDE_HINT,
        )
    jobs = whole.get("jobs")
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise PolicyError("cannot import from zrepl: there is no list of jobs")
    return jobs


def _sides(table: Mapping[str, object], name: str) -> Iterator[_Job | Imported | LeftOut]:
    """Yield the rules of a job for this host, and those for the other side."""
    kind = _text(table, "type")
    if kind not in _SIDES:
        raise NotKeptError(f"unknown type of job '{shown(kind)}'")
    pruning = table.get("pruning", {})
    if is_null(pruning):
        pruning = {}
    if not isinstance(pruning, dict) or pruning.keys() != set(_SIDES[kind]):
        wanted = " and ".join(_SIDES[kind]) or "no rules"
        raise NotKeptError(f"its pruning should hold {wanted}, as jobs of type {kind} do")
    for side in _SIDES[kind]:
        rules = _side_rules(pruning[side], side, name)
        if (side, kind) in (("keep_receiver", "push"), ("keep_sender", "pull")):
            yield _away(rules, side, name)
        elif side == "keep_receiver":
            root = dataset_named(_text(table, "root_fs"))
            # zrepl prunes the datasets that it received, which are below the root.
            taken = ((root, True, True), (root, False, False))
            yield _Job(name, taken, rules, _BELOW.format(root))
        else:
            yield _Job(name, tuple(_filter(table)), rules)


def _side_rules(rules: object, side: str, name: str) -> Kept | LeftOut:
    try:
        if not isinstance(rules, list):
            raise NotKeptError("it is no list")  # noqa: TRY301 (one place names the side)
        return read_rules(rules, sender=side == "keep_sender")
    except NotKeptError as error:
        return LeftOut(f"{side} of job {name}", error.reason, hint=error.hint)


def _away(rules: Kept | LeftOut, side: str, name: str) -> Imported | LeftOut:
    if isinstance(rules, LeftOut):
        return rules
    return Imported("", rules.policy, (*rules.notes, _AWAY.format(side, name)))


def _filter(table: Mapping[str, object]) -> Iterator[tuple[str, bool, bool]]:
    filters = table.get("filesystems")
    if not isinstance(filters, dict):
        raise NotKeptError("it has no mapping 'filesystems'")
    for key, value in filters.items():
        wanted = read_truth(value)
        if wanted is None:
            raise NotKeptError(f"filesystems: '{shown(key)}' is neither true nor false")
        path = key.removesuffix("<")
        yield dataset_named(path) if path or path == key else "", path != key, wanted


def _filter_if_any(table: Mapping[str, object]) -> Iterator[tuple[str, bool, bool]]:
    """Yield the filter of a job that cannot be read; if it has none, all datasets."""
    try:
        yield from list(_filter(table))
    except NotKeptError:
        yield "", True, True


def _combined(dataset: str, jobs: list[_Job]) -> Imported | LeftOut | None:
    """Find the policy that does to a dataset what all jobs together do."""
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
    for rules in kept[1:]:
        both = together.beside(rules)
        if both is None:
            listed = " and ".join(f"'{shown(job.name)}'" for job in prunes)
            return LeftOut(dataset, _TWO_JOBS.format(listed), dataset)
        together = both
    return Imported(dataset, together.policy, tuple(dict.fromkeys(notes)))


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or is_null(value):
        raise NotKeptError(f"it has no '{key}'")
    return value
