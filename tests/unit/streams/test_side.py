"""The sides of a replication are alike: each has all calls, with the same arguments."""

from __future__ import annotations

import ast
import inspect

import pytest

from zfstune.streams import side
from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote.served_side import ServedSide
from zfstune.streams.remote.zfs_side import ZfsSide

CALLS = [
    node
    for node in ast.walk(ast.parse(inspect.getsource(side)))
    if isinstance(node, ast.FunctionDef)
]


@pytest.mark.parametrize("kind", [LocalSide, ServedSide, ZfsSide])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_side_has_each_call(kind: type, call: ast.FunctionDef) -> None:
    """A parameter has one name and one default, whatever side it is given to."""
    made = getattr(kind, call.name, "")
    if not callable(made):  # a property here, an attribute there
        return
    wanted = [a.arg for a in call.args.args + call.args.kwonlyargs]
    assert list(inspect.signature(made).parameters) == wanted
