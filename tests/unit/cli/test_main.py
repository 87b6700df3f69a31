"""The command's exit status and its stderr, for each way that the work can end."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.cli.main import main
from zfstune.cli.which_zfs import WITHOUT_ZFS
from zfstune.engine import open as opening
from zfstune.values.errors import NotPermitted, PolicyError, ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable


REFUSED = NotPermitted(
    operation="list", target="tank", errno=errno.EPERM, reason="no", hint="be root"
)
MORE_DESCRIPTORS = "hint: allow more, as with `ulimit -n 1024`\n"


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        (
            ZfsUnavailable("cannot use ZFS: x", hint="y"),
            5,
            f"zfstune: cannot use ZFS: x\nhint: y; {WITHOUT_ZFS}\n",
        ),
        (PolicyError("cannot prune: x"), 2, "zfstune: cannot prune: x\n"),
        (REFUSED, 1, "zfstune: cannot list 'tank': no\nhint: be root\n"),
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 1, "zfstune: cannot go on: there is no more memory\n"),
        (
            OSError(errno.EMFILE, "Too many open files"),
            1,
            f"zfstune: cannot go on: Too many open files\n{MORE_DESCRIPTORS}",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "zfstune: cannot write the output: No space left on device\n",
        ),
    ],
    ids=[
        *("no ZFS", "senseless", "refused", "interrupted"),
        *("no memory", "no descriptors", "no room"),
    ],
)
def test_endings(
    ending: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each kind of error has its status, and its hint a line of its own."""

    def opened(*_: object) -> None:
        raise ending

    monkeypatch.setattr(opening, "open_engine", opened)
    assert main(["list"]) == status
    assert capsys.readouterr() == ("", said)


@pytest.fixture
def tank(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Give an engine that the command opens, with three snapshots of one dataset."""
    engine = FakeEngine("tank", "tank/a")
    for number in (1, 2, 3):
        name = f"tank/a@zfstune-20260101T00000{number}Z"
        engine.take_snapshots([name], properties={"org.zfstune:snapshot": "auto"})
    opener: Callable[..., FakeEngine] = lambda *_: engine  # noqa: E731 (one engine)
    monkeypatch.setattr(opening, "open_engine", opener)
    return engine


def test_error_half_way_is_told(
    tank: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """A snapshot that ZFS refuses to destroy is named, and nothing claims to be done."""
    tank.busy = dict.fromkeys(tank.taken, errno.EPERM)
    assert main(["prune", "--keep", "1", "tank/a"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zfstune: cannot destroy snapshot 'tank/a@zfstune-20260101T0000")
    assert (
        "\nhint: run as root, or let root run `zfs allow USER destroy,mount tank/a`\n"
        in err
    )


def test_found_busy_only_then(tank: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    """A snapshot that turns out to be held during the run is reported, with status 3."""
    first = next(iter(tank.taken))
    tank.busy = {first: errno.EBUSY}
    assert main(["prune", "--keep", "1", "tank/a"]) == 3
    out, err = capsys.readouterr()
    assert out == "tank/a: destroyed 1, kept 2\n"
    assert err.startswith(f"zfstune: kept '{first}': it is held")
    assert main(["prune", "--keep", "1", "tank/a", "--json"]) == 3
    [error] = json.loads(capsys.readouterr().out)["errors"]
    assert (error["operation"], error["target"]) == ("destroy", first)
    assert error["reason"].startswith("it is held")


def test_interrupted_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules of a verb take a while; nobody wants to see how far they were."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zfstune.cli.main.build_parser", interrupted)
    assert main(["list"]) == 130


def test_quiet_talkative_and_traced(
    tank: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """-q hides what was done and no answer, -v tells more, --debug shows the way."""
    assert main(["snapshot", "tank/a", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert len(tank.taken) == 4
    assert main(["-q", "list", "-H", "tank/a"]) == 0
    assert capsys.readouterr().out.startswith("tank/a\t")
    assert main(["-q", "snapshot", "tank/a", "--name", "x", "--json"]) == 0
    assert '"tank/a@x"' in capsys.readouterr().out
    assert main(["-q", "list", "tank/nosuch"]) == 1
    assert "tank/nosuch" in capsys.readouterr().err
    assert main(["list", "tank/a", "-v"]) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first == "zfstune: OpenZFS 2.4, the running kernel"
    assert last.startswith("zfstune: took ")
    assert main(["list", "tank/nosuch", "--debug"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "zfstune: cannot read 'tank/nosuch'" in err


@pytest.mark.parametrize(
    ("words", "kind", "verb"),
    [
        (["list", "tank/nosuch", "--json"], "NotFound", "list"),
        (["list", "--json", "--nosuch"], "UsageError", None),
        (["policy", "nosuch", "--json"], "UsageError", None),
        (["checkpoint", "list", "x", "--json"], "UsageError", "checkpoint"),
        (["replicas", "-n", "--json"], "UsageError", "replicas"),
        (["schedule", "set", "tank/a", "--every", "often", "--json"], "PolicyError", None),
    ],
)
def test_errors_are_documents(
    tank: FakeEngine,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    kind: str,
    verb: str | None,
) -> None:
    """Whatever goes wrong, stdout has one document, and stderr has the message."""
    try:
        status = main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    out, err = capsys.readouterr()
    document = json.loads(out)
    [error] = document["errors"]
    assert (document["format"], document["exit_status"]) == ("zfstune.error", status)
    assert error["kind"] == kind
    assert error["message"] in err
    if verb is not None:
        assert document["verb"] == verb


def test_an_interrupt_is_a_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that waits for one learns why there is nothing in it."""

    def opened(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(opening, "open_engine", opened)
    assert main(["list", "--json"]) == 130
    document = json.loads(capsys.readouterr().out)
    assert (document["exit_status"], document["errors"][0]["kind"]) == (130, "Interrupted")


def test_what_was_not_asked_for_in_json_is_not(
    tank: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run leaves nothing to the next, and a word behind -- is no option."""
    assert main(["list", "tank/a", "--json"]) == 0
    assert capsys.readouterr().out.startswith("{")
    assert main(["list", "tank/nosuch"]) == 1
    assert capsys.readouterr().out == ""
    assert main(["list", "--", "--json"]) == 1
    assert capsys.readouterr().out == ""
