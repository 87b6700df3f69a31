"""Frozen values: as the standard dataclass makes them, whatever the class."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import dataclass

import pytest

from zfstune.values.frozen import frozen, replace


@frozen
class Nothing:
    """A class without fields."""


@frozen
class Point:
    """A class with a default, a method and a check of its own."""

    x: int
    y: int = 2
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse a point left of the origin."""
        if self.x < 0:
            message = "left of the origin"
            raise ValueError(message)

    @property
    def total(self) -> int:
        """The sum of both fields."""
        return self.x + self.y


@dataclass(frozen=True, slots=True)
class Oracle:
    """The same fields, as the standard library freezes them."""

    x: int
    y: int = 2
    label: str = ""


CALLS = [((1,), {}), ((1, 3), {}), ((1,), {"label": "a"}), ((), {"x": 1, "y": 2})]
WRONG_CALLS = [((), {}), ((1, 2, "a", 4), {}), ((1,), {"z": 3}), ((1,), {"x": 1})]


@pytest.mark.parametrize(("args", "kwargs"), CALLS)
def test_fields_as_a_dataclass_has_them(args: tuple[int], kwargs: dict[str, int]) -> None:
    """Arguments by position and by name, defaults and repr are those of a dataclass."""
    value, oracle = Point(*args, **kwargs), Oracle(*args, **kwargs)  # type: ignore[arg-type]
    assert (value.x, value.y, value.label) == (oracle.x, oracle.y, oracle.label)
    assert repr(value) == repr(oracle).replace("Oracle", "Point")
    assert inspect.signature(Point).parameters.keys() == {"x", "y", "label"}


@pytest.mark.parametrize(("args", "kwargs"), WRONG_CALLS)
def test_wrong_arguments_are_refused(args: tuple[int], kwargs: dict[str, int]) -> None:
    """Arguments that a dataclass refuses are refused, and the message names the class."""
    with pytest.raises(TypeError, match=r"^Point\.__init__\(\)"):
        Point(*args, **kwargs)  # type: ignore[arg-type]


def test_the_check_after_init_runs() -> None:
    """A class may refuse values of its fields that do not go together."""
    with pytest.raises(ValueError, match="left of the origin"):
        Point(-1)


def test_values_compare_and_hash_by_their_fields() -> None:
    """Equal fields make equal values; another class makes another value."""
    assert Point(1) == Point(1, 2) != Point(1, 3)
    assert hash(Point(1)) == hash(Point(1, 2))
    assert Point(1) != Oracle(1)  # type: ignore[comparison-overlap]
    assert len({Point(1), Point(1, 2), Point(2)}) == 2


def test_nothing_can_be_written_or_taken_away() -> None:
    """No field can be changed, deleted or added."""
    value = Point(1)
    with pytest.raises(AttributeError, match="cannot assign to 'x': a Point is frozen"):
        value.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot delete 'x'"):
        del value.x
    with pytest.raises(AttributeError):
        value.z = 3  # type: ignore[attr-defined]
    assert not hasattr(value, "__dict__")
    assert value == Point(1)


def test_replace_makes_another_value() -> None:
    """The fields named change, the check runs again, and the old value stays."""
    value = Point(1, 3)
    assert replace(value, label="b") == Point(1, 3, "b")
    assert value == Point(1, 3)
    with pytest.raises(ValueError, match="left of the origin"):
        replace(value, x=-1)
    with pytest.raises(TypeError):
        replace(value, z=1)


def test_copies_and_pickles() -> None:
    """A value that was copied or pickled is equal, as threads and processes need it."""
    value = Point(1, 3, "a")
    assert copy.copy(value) == copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 (its own pickle)


def test_the_class_keeps_its_own() -> None:
    """Docstring, name, methods and patterns are those of the class body."""
    assert Point.__doc__ == "A class with a default, a method and a check of its own."
    assert (Point.__qualname__, Point.__module__) == ("Point", __name__)
    assert Point(1).total == 3
    match Point(1, 3):
        case Point(x, y):
            assert (x, y) == (1, 3)


def test_a_class_may_have_no_fields() -> None:
    """A value without fields equals every other of its class."""
    assert Nothing() == Nothing()
    assert repr(Nothing()) == "Nothing()"
    with pytest.raises(TypeError):
        Nothing(1)  # type: ignore[call-arg]
