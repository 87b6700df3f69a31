"""pyznap's configuration: sections of datasets that say how many of a kind stay."""

from __future__ import annotations

from configparser import ConfigParser, Error

from zfstune.errors import PolicyError
from zfstune.imports.reading import Imported, Reading
from zfstune.policy import Group, Last, Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["read"]

_KINDS = ("frequent", "hourly", "daily", "weekly", "monthly", "yearly")


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (not yet)
    """Read a pyznap.conf; what a section leaves out, the first one in the file says.

    Of those above it, that is, and not the nearest one.
    """
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except Error as error:
        raise PolicyError(
            f"cannot import from pyznap: {error}".replace("\n", " ")
        ) from None
    found: list[Imported] = []
    for section in sorted(parser.sections()):
        settings: dict[str, str] = {}
        # pyznap takes 'tank/ab/c' for a child of 'tank/a', too; a policy does not
        above = [other for other in parser.sections() if section.startswith(other + "/")]
        for other in (section, *above):
            said = dict(parser[other])
            if said.get("clean", "").lower() not in ("yes", "no"):
                said.pop("clean", None)  # pyznap knows no other words
            settings = said | settings
        if settings.get("clean", "").lower() == "yes":
            found.append(_imported(section, settings))
    return Reading(tuple(found))


def _imported(section: str, settings: dict[str, str]) -> Imported:
    if ":" in section:
        raise PolicyError(f"cannot import from pyznap '{section}': it is on another host")
    groups = []
    for kind in _KINDS:
        value = settings.get(kind, "0")
        if not (value.isascii() and value.isdigit()):
            raise PolicyError(
                f"cannot import from pyznap '{section}': {kind}={value} is no number"
            )
        regex = f"(pyznap|autosnap).*_{kind}"
        groups.append(Group((Last(int(value)),), regex=regex))
    consents = any(Last(0) in group.rules for group in groups)
    notes = ("a kind of which it keeps 0 is destroyed whole: it takes --all-of-them",)
    return Imported(
        section, Policy(tuple(groups), allow_zero=consents), notes if consents else ()
    )
