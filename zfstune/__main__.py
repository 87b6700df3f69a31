"""``python -m zfstune`` is the ``zfstune`` command."""

from __future__ import annotations

import sys

from zfstune.cli.main import main

sys.exit(main())
