"""The fixture `zfs_image`, as a project of somebody else meets it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from source_tree import ROOT

if TYPE_CHECKING:
    import pytest

USES_IT = """
import pytest
import zfstune

@pytest.mark.parametrize("number", range(2))
def test_each_has_its_own(zfs_image, tmp_path, number):
    assert zfs_image.pools() == ("tank",)
    assert [d.name for d in zfs_image.datasets("tank")] == ["tank"]
    zfs_image.create("tank/a")
    assert list(tmp_path.glob("*.zpool"))

def test_that_fails(zfs_image):
    zfs_image.create("tank/a")
    assert False

def test_that_closes(zfs_image):
    zfs_image.close()

def test_names(make_zfs_image):
    make_zfs_image("shop")
    with pytest.raises(zfstune.AlreadyExists, match="this test has one") as caught:
        make_zfs_image("shop")
    assert caught.value.hint.endswith("as in make_zfs_image('shop2')")
"""


def test_each_test_has_a_pool_of_its_own(pytester: pytest.Pytester) -> None:
    """Fresh each time, also after a test that failed, and closed in the end."""
    pytester.makepyfile(USES_IT)
    pytester.runpytest_subprocess().assert_outcomes(passed=4, failed=1)


def test_the_example_in_the_readme_runs(pytester: pytest.Pytester) -> None:
    """As it stands there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(def test_.*?)```", text, re.DOTALL)
    assert len(example.splitlines()) == 5
    pytester.makepyfile(f"import zfstune\ndef my_backup(engine, name): pass\n\n{example}")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
