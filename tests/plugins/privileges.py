"""The table of docs/reference/privileges.md, which the tests run."""

from __future__ import annotations

from dataclasses import dataclass

from source_tree import ROOT

__all__ = ["NONE", "Row", "privileges"]

NONE = "none"
_PAGE = ROOT / "docs" / "reference" / "privileges.md"
_DATASET = "DATASET"


@dataclass(frozen=True)
class Row:
    """A command, and what its user needs.

    Attributes:
        command: Its words, in which `DATASET` stands for a filesystem.
        words: The permissions, or NONE.
        on: The dataset on which they are delegated; empty: there are none.
    """

    command: str
    words: str
    on: str

    def argv(self, dataset: str) -> list[str]:
        """Give the words of the command for a filesystem."""
        return [word.replace(_DATASET, dataset) for word in self.command.split()]

    def place(self, dataset: str) -> str:
        """Give the dataset on which the permissions are delegated."""
        return self.on.replace(_DATASET, dataset)


def privileges() -> list[Row]:
    """Read the rows of the page."""
    lines = _PAGE.read_text("utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| `")]
    return [
        Row(command.strip().strip("`"), words.strip(), on.strip())
        for command, words, on in rows
    ]
