"""Bring what pytest found in a guest into the host's own report.

On the host, ``tests/lab`` is one item a release. Running that item boots a guest,
runs ``pytest tests/lab`` in it, and repeats each of the guest's reports here, so
that one summary counts them all. Its own outcome says whether the guest got to the
end of its tests: a guest that dies, hangs or runs no test fails it.

A file whose tests are the same on each release, since they are about what lies above the
engine, has the mark ``one_release``: where several guests run, each takes its share of
these files (``--share``). ``make lab`` runs all of them on one release.

All guests are at work from the start, beside the host's own tests, since each keeps but
one processor busy. A guest's output is shown when its turn has come, and from then on as
it comes.

In the guest the same plugin writes the reports, one JSON object a line::

    {"event": "collected", "count": 3}
    {"event": "report", "report": {...}}          as pytest serializes it
    {"event": "finished", "status": 1}
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LAB = Path(__file__).resolve().parents[1] / "lab"
RELEASES = ("bookworm", "trixie", "trixie-backports")
DEFAULT_RELEASES = ("bookworm", "trixie-backports")
DISKS = ("2G", "2G")
# All guests together have so many processors, as the machine that CI runs on: an emulator
# that has to keep two processors in step takes an eighth longer.
CPUS = 2
# Of one guest, its boot included, with other tests beside it; CI has 90 minutes for all.
TIMEOUT_S = 4600
# Of one test in a guest: with another guest beside it all takes longer.
TEST_TIMEOUT_S = 1500
# The runner tidies up after a signal; then it is gone by itself or by force.
TERM_GRACE_S = 30
# Seconds between two looks at what a guest printed.
FOLLOW_S = 0.5
REPORTS = "reports.jsonl"


class GuestError(Exception):
    """A guest did not get to the end of its tests; the message says what is missing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose guests."""
    group = parser.getgroup("guest", "guests with real ZFS (-m guest)")
    group.addoption(
        "--release",
        action="append",
        choices=RELEASES,
        help=f"release to boot, repeatable (default: {' and '.join(DEFAULT_RELEASES)})",
    )
    group.addoption(
        "--guest-args",
        default="",
        metavar="ARGS",
        help="further arguments of the guest's own pytest, as in --guest-args='-k mount'",
    )
    group.addoption(
        "--share",
        type=_share,
        default=(0, 1),
        metavar="K/N",
        help="in a guest: of the files for one release, run each Nth from the Kth on",
    )
    group.addoption(
        "--guest-timeout",
        type=float,
        default=TIMEOUT_S,
        metavar="S",
        help="seconds that one guest may take (default: %(default)s)",
    )


def _share(text: str) -> tuple[int, int]:
    """Read K/N: 0/2 and 1/2 are two halves."""
    number, _, of = text.partition("/")
    return int(number), int(of)


def in_guest() -> bool:
    """Tell whether this pytest runs in a guest of the lab."""
    return os.environ.get("ZFSTUNE_LAB") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Start writing in a guest; on the host, refuse what only a guest can run."""
    if in_guest():
        folder = os.environ.get("ZFSTUNE_LAB_OUTPUT")
        if folder:
            config.pluginmanager.register(ReportWriter(config, Path(folder, REPORTS)))
        return
    for argument in config.args:
        path = Path(config.invocation_params.dir, argument.partition("::")[0]).resolve()
        if LAB in path.parents:
            message = (
                f"cannot run '{argument}': it belongs in a guest\n"
                f"hint: make lab GUEST_ARGS='{argument}'"
            )
            raise pytest.UsageError(message)


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> GuestFolder | None:
    """Take tests/lab for a folder of guests, on the host."""
    if path != LAB or in_guest():
        return None
    folder: GuestFolder = GuestFolder.from_parent(parent, path=path)
    return folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put guests last, since what fails within seconds should; in a guest take a share."""
    items.sort(key=lambda item: isinstance(item, GuestRun))
    number, of = config.getoption("share")
    shared = sorted({item.path for item in items if item.get_closest_marker("one_release")})
    others = {path for place, path in enumerate(shared) if place % of != number}
    alone = os.cpu_count() == 1  # as in the guests of `make test`
    left_out = [
        item
        for item in items
        if item.path in others or (alone and item.get_closest_marker("two_processors"))
    ]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Boot the guests, so that they are at work while the host's own tests run."""
    if not session.config.option.collectonly:
        for item in session.items:
            if isinstance(item, GuestRun):
                item.start()


# --- in the guest ----------------------------------------------------------------


class ReportWriter:
    """Writes each report at once, so that a guest that dies leaves those it had."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self.config = config
        self.file: TextIO = path.open("w", encoding="utf-8")

    def write(self, event: str, **fields: object) -> None:
        """Append one line."""
        self.file.write(json.dumps({"event": event, **fields}, default=str) + "\n")
        self.file.flush()

    def write_report(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Append a report in pytest's own form."""
        data = self.config.hook.pytest_report_to_serializable(
            config=self.config, report=report
        )
        self.write("report", report=data)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say how many tests to expect."""
        self.write("collected", count=len(session.items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Pass on what could not be collected; the rest is of no interest."""
        if report.failed:
            self.write_report(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass on setup, call and teardown of a test."""
        self.write_report(report)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say that the session came to its end, and how."""
        self.write("finished", status=int(exitstatus))
        self.file.close()


# --- on the host -----------------------------------------------------------------


class GuestFolder(pytest.Directory):
    """tests/lab, seen from the host: one item a release."""

    def collect(self) -> Iterator[GuestRun]:
        """Give an item for each release that was asked for."""
        for release in self.config.getoption("release") or DEFAULT_RELEASES:
            yield GuestRun.from_parent(self, name=release)


class GuestRun(pytest.Item):
    """One guest, from its boot to its last report."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.add_marker("guest")
        self.add_marker(pytest.mark.timeout(0))  # the runner has a limit of its own
        self.process: subprocess.Popen[bytes] | None = None
        self.output: Path | None = None
        self.log: Path | None = None

    def argv(self, output: Path) -> list[str]:
        """Give the runner's command line."""
        disks = [word for size in DISKS for word in ("--disk", size)]
        cpus = str(max(CPUS // len(self.guests()), 1))
        limit = str(self.config.getoption("guest_timeout"))
        given = shlex.split(self.config.getoption("guest_args"))
        inner = ["pytest", "--quiet", "--tb=no", "--no-summary", "--color=no"]
        inner += ["-o", f"timeout={TEST_TIMEOUT_S}", "--share", self.share()]
        where = [] if any(word.startswith("tests/lab") for word in given) else ["tests/lab"]
        run = [str(LAB / "run"), "--release", self.name, "--cpus", cpus, *disks]
        run += ["--timeout", limit]
        return [*run, "--output", str(output), "--", *inner, *where, *given]

    def share(self) -> str:
        """Give this guest's share of the files that one release is enough for."""
        guests = self.guests()
        return f"{guests.index(self)}/{len(guests)}"

    def guests(self) -> list[GuestRun]:
        """Give all guests of this session."""
        return [item for item in self.session.items if isinstance(item, GuestRun)]

    def start(self) -> None:
        """Boot the guest; what it prints goes to a file."""
        factory: pytest.TempPathFactory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        self.output = factory.mktemp(f"guest-{self.name}")
        self.log = factory.mktemp(f"log-{self.name}") / "output"
        with self.log.open("w") as log:
            print(f"\n--- {self.name}: {shlex.join(self.argv(self.output))}", file=log)
            log.flush()
            self.process = subprocess.Popen(
                self.argv(self.output),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.config.add_cleanup(self.end)

    def end(self) -> None:
        """End a guest that is still up, as when a test before it was interrupted."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(TERM_GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def runtest(self) -> None:
        """Wait for this guest, and repeat what it reported."""
        assert self.process is not None
        assert self.output is not None
        capture = self.config.pluginmanager.getplugin("capturemanager")
        # A guest takes minutes: what it prints is shown as it comes.
        with capture.global_and_fixture_disabled():
            status = self.follow(self.process)
            print(f"--- {self.name}: status {status}", flush=True)
            events = list(read(self.output / REPORTS))
            for event in events:
                if event["event"] == "collected":
                    self.session.testscollected += event["count"]  # progress divides by it
                elif event["event"] == "report":
                    self.repeat(event["report"])
        check(events, status)

    def follow(self, process: subprocess.Popen[bytes]) -> int:
        """Show what the guest prints until it ends; return the runner's status."""
        assert self.log is not None
        with self.log.open(errors="replace") as log:
            while True:
                status = process.poll()
                print(log.read(), end="", flush=True)
                if status is not None:
                    return status
                time.sleep(FOLLOW_S)

    def repeat(self, data: dict[str, Any]) -> None:
        """Report a guest's result as if its test had run here."""
        data["nodeid"] = f"{data['nodeid']}@{self.name}"
        if "location" in data:
            file, line, domain = data["location"]
            data["location"] = (file, line, f"{domain}@{self.name}")
        report = self.ihook.pytest_report_from_serializable(config=self.config, data=data)
        if isinstance(report, pytest.CollectReport):
            self.ihook.pytest_collectreport(report=report)
            return
        if isinstance(report.longrepr, list):  # of a skip: JSON has no tuples
            report.longrepr = tuple(report.longrepr)
        self.ihook.pytest_runtest_logreport(report=report)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any
    ) -> str | Any:
        """Give the reason alone: the traceback would show this file."""
        if isinstance(excinfo.value, GuestError):
            return f"guest '{self.name}': {excinfo.value}; its output is above"
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the item in the report's headings."""
        return self.path, None, f"guest {self.name}"


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Give the events that a guest wrote; a torn last line ends them."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                return


def check(events: Iterable[dict[str, Any]], status: int) -> None:
    """See that the guest's session came to its end and lost nothing on the way.

    Args:
        events: What the guest wrote.
        status: Exit status of the runner.

    Raises:
        GuestError: It did not; a test that failed is no such thing.
    """
    collected = None
    finished = None
    phases: Counter[str] = Counter()
    failed = False
    for event in events:
        if event["event"] == "collected":
            collected = event["count"]
        elif event["event"] == "finished":
            finished = event["status"]
        else:
            phases[event["report"].get("when", "collect")] += 1
            failed |= event["report"]["outcome"] == "failed"
    if finished is None:
        message = f"ended with status {status} before its tests did"
        raise GuestError(message)
    if finished != status:
        message = f"pytest ended with status {finished}, the guest with {status}"
        raise GuestError(message)
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        message = f"pytest ended with status {status} ({pytest.ExitCode(status).name})"
        raise GuestError(message)
    if not collected:
        message = "no test was run"
        raise GuestError(message)
    if failed != (status == pytest.ExitCode.TESTS_FAILED):
        message = f"pytest ended with status {status}, which its reports contradict"
        raise GuestError(message)
    if phases["teardown"] != collected:
        message = f"{phases['teardown']} of {collected} tests came to their end"
        raise GuestError(message)
