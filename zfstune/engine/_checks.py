"""What is checked before ZFS is asked, beyond one property or name."""

from __future__ import annotations

from zfstune import names, properties
from zfstune.errors import InvalidProperty
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.properties import Limits

__all__ = ["check_clone", "check_inheritable", "check_snapshot", "checked"]


def checked(name: str) -> str:
    """Check the name of a dataset or snapshot."""
    return names.check_snapshot(name) if "@" in name else names.check_dataset(name)


def check_clone(
    wanted: Mapping[str, str], kind: str, limits: Limits
) -> dict[str, int | str]:
    """Check the properties of a clone: what is create-only comes from its origin."""
    return properties.check(wanted, kind=kind, creating=False, limits=limits)


def check_snapshot(wanted: Mapping[str, str], limits: Limits) -> dict[str, int | str]:
    """Check the properties of a snapshot that is to be taken."""
    return properties.check(wanted, kind="snapshot", creating=True, limits=limits)


def check_inheritable(name: str) -> None:
    """Refuse what has nothing to go back to."""
    prop = properties.find(name)
    if properties.is_user(name) or (prop and prop.inheritable and not prop.create_only):
        return
    reason = "it is not inherited" if prop else "there is no such property"
    raise InvalidProperty(f"cannot inherit '{shown(name)}': {reason}")
