"""The text that a profile of one's own begins with."""

from __future__ import annotations

from zfstune.profiles.profile import NAME_CHARACTERS
from zfstune.values.errors import ProfileError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile

__all__ = ["new_profile"]

_WHY = "Say here why this value is right for you: explain and plan print it."
_SOURCE = "Say here who says so: an address, a measurement of your own."
_VALUES = (("recordsize", "128K"), ("compression", "lz4"), ("atime", "off"))
_SNAPSHOTS = f"""\
# How often snapshots are taken, and which stay; stored where nobody has stored anything.
# [dataset.snapshots]
# every = "hourly"
# keep = "hourly=48 daily=30"
# why = "{_WHY}"
# source = "{_SOURCE}"
"""


def new_profile(name: str, base: Profile | None = None) -> str:
    """Write a sound profile to go on from.

    Args:
        name: Its name.
        base: A profile that ships, to start from; None: start from nothing.

    Raises:
        ProfileError: No profile can have that name.
    """
    if not name or not NAME_CHARACTERS.issuperset(name):
        raise ProfileError(
            f"cannot call a profile '{shown(name)}': its name has small letters, digits "
            "and dashes"
        )
    lines = [
        f"# A profile of your own: put it into /etc/zfstune/profiles.d/{name}.toml",
        f"# or name the file, as in --profile {name}.toml",
        f'name = "{name}"',
        f'summary = "What {name} needs"',
    ]
    if base is None:
        lines += ["", "[[dataset]]", f'path = "{name}"', *_owner_lines()]
        values = list(_VALUES)
    else:
        first = base.datasets[0]
        lines += [
            f'extends = "{base.name}"',
            "",
            f"# This adds values to a dataset of {base.name}, or replaces them; any other",
            "# path is one more dataset.",
            "[[dataset]]",
            f'path = "{first.path}"',
        ]
        values = [(s.property, s.value) for s in first.settings[:1]]
    for prop, value in values:
        lines += [
            "",
            f"[dataset.properties.{prop}]",
            f'value = "{value}"',
            f'why = "{_WHY}"',
            f'source = "{_SOURCE}"',
        ]
    return "\n".join(lines) + "\n\n" + _SNAPSHOTS


def _owner_lines() -> tuple[str, ...]:
    return ('# owner = "www-data"', '# group = "www-data"', '# mode = "0750"')
