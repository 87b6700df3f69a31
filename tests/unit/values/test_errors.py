"""The exception tree: which class catches which error, and the text of each."""

from __future__ import annotations

import builtins
import pickle
import traceback

import pytest

from zfstune.values import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]
REFUSALS = [errors.InvalidValue, errors.InvalidName, errors.InvalidProperty]
ENGINE = [cls for cls in CLASSES if issubclass(cls, errors.EngineError)]


def engine_error(
    kind: type[errors.EngineError], target: str = "tank/a"
) -> errors.EngineError:
    """Return an error as the engine raises it."""
    return kind(
        operation="destroy", target=target, errno=16, reason="it is busy", hint="wait"
    )


def test_all_of_the_module_is_exported() -> None:
    """Each exception of the module is in its __all__, sorted as ruff sorts."""
    defined = {n for n, o in vars(errors).items() if isinstance(o, type)}
    assert defined == set(errors.__all__)


@pytest.mark.parametrize("kind", CLASSES)
def test_one_base_catches_all(kind: type[Exception]) -> None:
    """Catching ZfstuneError catches everything raised on purpose."""
    assert issubclass(kind, errors.ZfstuneError)
    assert not hasattr(builtins, kind.__name__)


@pytest.mark.parametrize("kind", CLASSES)
def test_refused_values_are_value_errors(kind: type[Exception]) -> None:
    """A value that was refused before ZFS saw it is a ValueError, and no other error is."""
    assert issubclass(kind, ValueError) == (kind in REFUSALS)


@pytest.mark.parametrize(
    "name",
    [
        "AlreadyExists",
        "Busy",
        "NoSpace",
        "NotFound",
        "NotPermitted",
        "NotSupported",
        "PoolSuspended",
        "ReadOnly",
        "RefusedValue",
    ],
)
def test_what_zfs_refused_is_an_engine_error(name: str) -> None:
    """Each meaning that ZFS gives an errno is caught by EngineError."""
    assert getattr(errors, name) in ENGINE


def test_message_and_hint_are_apart() -> None:
    """The text is the message alone; the hint is printed on a line of its own."""
    error = errors.ZfstuneError("cannot do it", hint="try harder")
    assert str(error) == error.message == "cannot do it"
    assert error.hint == "try harder"
    assert errors.ZfstuneError("cannot do it").hint == ""


@pytest.mark.parametrize("kind", ENGINE)
def test_engine_error_says_what_failed(kind: type[errors.EngineError]) -> None:
    """Operation, target, errno, reason and hint can be read, and make the message."""
    error = engine_error(kind)
    assert str(error) == "cannot destroy 'tank/a': it is busy"
    facts = (error.operation, error.target, error.errno, error.reason, error.hint)
    assert facts == ("destroy", "tank/a", 16, "it is busy", "wait")


def test_batch_error_names_each_target() -> None:
    """A failed batch lists its failures in order, and counts those without a name."""
    failures = [engine_error(errors.Busy, name) for name in ("tank@b", "tank@a")]
    error = errors.BatchError(operation="destroy", failures=iter(failures), suppressed=3)
    assert error.failures == tuple(failures)
    assert str(error).splitlines() == [
        "cannot destroy 5 of the targets",
        "cannot destroy 'tank@b': it is busy",
        "cannot destroy 'tank@a': it is busy",
        "and 3 more that ZFS did not name",
    ]
    assert error.hint == "wait"


def test_batch_error_has_one_hint_for_each_reason() -> None:
    """Many targets with one fault have the hint of the first; another fault has its own."""
    failures = [
        errors.Busy(operation="destroy", target=name, errno=16, reason=reason, hint=hint)
        for name, reason, hint in (
            ("tank@a", "it is held", "`zfs holds tank@a`"),
            ("tank@b", "it is held", "`zfs holds tank@b`"),
            ("tank@c", "it has clones", "`zfs get clones tank@c`"),
            ("tank@d", "it is damaged", ""),
        )
    ]
    error = errors.BatchError(operation="destroy", failures=failures)
    assert error.hint == "`zfs holds tank@a`; `zfs get clones tank@c`"


def test_batch_of_one_speaks_for_itself() -> None:
    """A single failure needs no count in front of it."""
    error = errors.BatchError(operation="hold", failures=[engine_error(errors.Busy)])
    assert (str(error), error.suppressed) == ("cannot destroy 'tank/a': it is busy", 0)


@pytest.mark.parametrize("kind", [errors.ZfstuneError, errors.PlanError, *REFUSALS])
def test_simple_errors_survive_pickling(kind: type[errors.ZfstuneError]) -> None:
    """An error of a worker process arrives with its message and its hint."""
    copy = pickle.loads(pickle.dumps(kind("cannot", hint="try")))  # noqa: S301 (our own)
    assert (type(copy), str(copy), copy.hint) == (kind, "cannot", "try")


def test_a_traceback_shows_the_hint() -> None:
    """It stands below the message, once, also where somebody words it anew."""
    error = errors.PlanError("cannot plan: x", hint="try y")
    assert traceback.format_exception_only(error)[1:] == ["hint: try y\n"]
    error.hint = "try z"
    assert (error.hint, error.__notes__) == ("try z", ["hint: try z"])
    error.add_note("said by the caller")
    error.hint = ""
    assert error.__notes__ == ["said by the caller"]
    assert not hasattr(errors.PlanError("cannot plan: x"), "__notes__")
