"""What an application did, as recorded by strace, fio or perf, and what it comes to."""

from __future__ import annotations
