"""What every engine does, asked of the engine alone: one source for all of them.

A folder of tests takes these in with ``from engine_contract import *`` and gives two
fixtures: `engine`, and `tree`, a filesystem of its own for each test. What the zfs
command says to the same calls, tests/lab/test_contract_*.py compare.
"""

from __future__ import annotations

from engine_contract.arrivals import *  # noqa: F403 (what this is for)
from engine_contract.by_guid import *  # noqa: F403 (as above)
from engine_contract.content import *  # noqa: F403 (as above)
from engine_contract.datasets import *  # noqa: F403 (as above)
from engine_contract.hostile import *  # noqa: F403 (as above)
from engine_contract.keys import *  # noqa: F403 (as above)
from engine_contract.objects import *  # noqa: F403 (as above)
from engine_contract.pools import *  # noqa: F403 (as above)
from engine_contract.redactions import *  # noqa: F403 (as above)
from engine_contract.snapshots import *  # noqa: F403 (as above)
from engine_contract.streams import *  # noqa: F403 (as above)
from engine_contract.volumes import *  # noqa: F403 (as above)
