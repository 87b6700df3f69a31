"""zfstune/_zfs.pyi says what native/zt.cdef.h declares."""

from __future__ import annotations

import ast
import re

import pytest

from native_code import NATIVE, ROOT

STUB = ROOT / "zfstune" / "_zfs.pyi"
FUNCTION = re.compile(r"^(\w[\w ]*?\**)\s*\b(zt_\w+)\(([^)]*)\);", re.MULTILINE)
NUMBERS = {"int", "unsigned int", "unsigned long", "size_t", "uint64_t"}
# Texts for which a caller may pass NULL, which is no bytes.
MAY_BE_NULL = {"create_pool", "take_over_from"}
# Names that mean something else in Python.
RENAMED = {"from": "from_", "object": "object_", "bytes": "size"}

Signature = tuple[list[tuple[str, str]], str]


def declarations() -> str:
    """Return what cffi reads, without its comments."""
    texts = ((NATIVE / name).read_text() for name in ("buf.cdef.h", "zt.cdef.h"))
    return re.sub(r"/\*.*?\*/", "", "\n".join(texts), flags=re.DOTALL)


def parameter(text: str) -> tuple[str, str]:
    """Return the name and the type in Python of one parameter in C."""
    match = re.fullmatch(r"(.+?)\s*(\**)(\w+)", " ".join(text.split()))
    assert match is not None, text
    kind, stars, name = match.groups()
    if not stars:
        assert kind in NUMBERS, text
        hint = "int"
    elif kind in {"const char", "const uint8_t"} and name not in MAY_BE_NULL:
        hint = "bytes"
    else:
        hint = "Any"
    return RENAMED.get(name, name), hint


def declared(text: str) -> dict[str, Signature]:
    """Return the functions that C declares, with the types that Python passes."""
    return {
        name: (
            [parameter(item) for item in parameters.split(",") if item != "void"],
            "None" if result == "void" else "int",
        )
        for result, name, parameters in FUNCTION.findall(text)
    }


def stubbed(text: str) -> dict[str, Signature]:
    """Return the functions that a stub has in its class of functions."""
    (lib,) = (
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == "_Lib"
    )
    functions = {}
    for function in lib.body:
        assert isinstance(function, ast.FunctionDef)
        assert function.returns is not None
        _, *passed = [*function.args.posonlyargs, *function.args.args]
        functions[function.name] = (
            [(arg.arg, ast.unparse(arg.annotation or arg)) for arg in passed],
            ast.unparse(function.returns),
        )
    return functions


def test_the_stub_has_each_function() -> None:
    """Each function stands in the stub, with the names and types of its parameters."""
    functions = declared(declarations())
    assert len(functions) > 40
    assert stubbed(STUB.read_text(encoding="utf-8")) == functions


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("void zt_close(struct zt *zt);", ([("zt", "Any")], "None")),
        ("int zt_confine(void);", ([], "int")),
        (
            "uint64_t zt_f(const char *name, const uint8_t *flat,\n    size_t size);",
            ([("name", "bytes"), ("flat", "bytes"), ("size", "int")], "int"),
        ),
    ],
)
def test_a_declaration_is_read(text: str, signature: Signature) -> None:
    """Pointers to text are bytes, numbers are numbers, and void is nothing."""
    assert list(declared(text).values()) == [signature]
