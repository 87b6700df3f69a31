"""What pyproject.toml cannot say: the extension, and the stable ABI in the wheel's tag."""

from __future__ import annotations

from setuptools import setup

setup(
    cffi_modules=["native/build_zfs.py:ffibuilder"],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
