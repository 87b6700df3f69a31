"""Golden images: a system that is set up once, and stamped a thousand times.

::

    from zfstune import golden

    golden.create("tank/golden/node")
    golden.stamp("tank/golden/node", "tank/nodes/one", "tank/nodes/two")
"""

from __future__ import annotations

from zfstune.clones.create import create
from zfstune.clones.export import export_disk
from zfstune.clones.export import export_image as export
from zfstune.clones.restore import restore
from zfstune.clones.retire import retire
from zfstune.clones.stamp import stamp
from zfstune.clones.stamp_plan import Owner
from zfstune.clones.survey import images
from zfstune.values.arguments import checked as _checked

__all__ = [
    "Owner",
    "create",
    "export",
    "export_disk",
    "images",
    "restore",
    "retire",
    "stamp",
]

# They are public, and so they check the types of their arguments.
globals().update({name: _checked(globals()[name]) for name in __all__ if name != "Owner"})
