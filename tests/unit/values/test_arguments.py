"""Arguments of public functions: a slip of a type is refused before anything is done."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from zfstune import golden
from zfstune.values.arguments import checked
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PUBLIC: dict[str, Callable[..., Any]] = {
    f"{home.__name__}.{name}": getattr(home, name)
    for home in (zfstune, golden)
    for name in home.__all__
    if inspect.isfunction(getattr(home, name))
}
LISTS = ("Iterable[str]", "Collection[str]")
# For each annotation, values that are none of that kind.
WRONG: dict[str, tuple[object, ...]] = {
    "str": (1, None, ["tank/a"], b"tank/a"),
    "str | None": (1, ["tank/a"]),
    "bool": ("no", 1, None),
    "int": ("48", True, 1.5, None),
    "int | None": ("48", True, 1.5),
    "Mapping[str, str]": ("atime=off", ["atime"], None),
    "Mapping[str, str] | None": ("atime=off", ["atime"]),
    "str | Iterable[str]": (1, [1], None),
    **dict.fromkeys(LISTS, ("datasets", b"datasets", 1, None, [1], [["datasets"]])),
}
ROWS = [
    (name, parameter.name, value)
    for name, function in PUBLIC.items()
    for parameter in inspect.signature(function).parameters.values()
    if parameter.kind is not parameter.VAR_POSITIONAL
    for value in WRONG.get(str(parameter.annotation), ())
]


@pytest.mark.parametrize(("name", "parameter", "value"), ROWS)
def test_no_public_function_takes_another_type(
    name: str, parameter: str, value: object
) -> None:
    """The error names the argument; without a ZFS it comes before anything else."""
    function = PUBLIC[name]
    in_order = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    with pytest.raises(InvalidValue, match=f"for '{parameter}': it takes"):
        function(**{**dict.fromkeys(in_order, "tank/a"), parameter: value})


@pytest.mark.parametrize("name", PUBLIC)
def test_names_are_given_one_by_one(name: str) -> None:
    """A list among them is refused with the star that would pass its items."""
    function = PUBLIC[name]
    signature = inspect.signature(function)
    stars = [p for p in signature.parameters.values() if p.kind is p.VAR_POSITIONAL]
    before = [
        "tank/a" for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    for star in stars:
        for value in (["tank/a"], ("tank/a",), {"tank/a"}):
            with pytest.raises(InvalidValue, match=f"for '{star.name}'") as caught:
                function(*before, value)
            assert caught.value.hint == f"put a star before it, as in *{star.name}"
        if star.annotation in ("str", "str | Profile"):
            for other in (1, None):
                with pytest.raises(InvalidValue, match=f"for '{star.name}'"):
                    function(*before, other)


@checked
def example(
    first: str,
    *names: str,
    lose: Iterable[str] = (),
    roles: str | Iterable[str] = (),
    properties: Mapping[str, str] | None = None,
    keep: int | None = None,
    dry_run: bool = False,
) -> tuple[object, ...]:
    """Return what came."""
    return first, names, [*lose], roles, properties, keep, dry_run


def test_the_right_types_pass() -> None:
    """Also a list that can be read but once, which the function itself reads."""
    assert example(
        "a",
        "b",
        lose=(word for word in ["x"]),
        roles="web",
        properties={"a": "b"},
        keep=1,
        dry_run=True,
    ) == ("a", ("b",), ["x"], "web", {"a": "b"}, 1, True)
    assert example("a", keep=None, roles=["web"])[3:6] == (["web"], None, None)


def test_the_hint_is_what_was_meant() -> None:
    """A text in the place of a list can be pasted back as one."""
    with pytest.raises(InvalidValue) as caught:
        example("a", lose="datasets")
    assert (
        str(caught.value) == "cannot take the text 'datasets' for 'lose': it takes a list"
    )
    assert caught.value.hint == "write lose=['datasets']"
    assert inspect.signature(example).parameters["lose"].default == ()
