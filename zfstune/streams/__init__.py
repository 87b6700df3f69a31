"""Send, receive and replicate: one side's state, the common base, and the transfer."""

from __future__ import annotations
