"""Write the table of demos in README.md from what the demos declare. `--check` only says whether it is true.

make docs
"""

from __future__ import annotations

import sys
from pathlib import Path

from demos.catalogue import catalogue

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- demos -->\n", "<!-- /demos -->\n"


def table() -> str:
    """One line a demo: its name, what it shows, and the questions it belongs to."""
    rows = [f"| `{name}` | {demo.summary} | {', '.join(demo.questions)} |" for name, demo in catalogue().items()]
    return "\n".join(["| demo | shows | proves |", "| --- | --- | --- |", *rows]) + "\n"


def written(text: str) -> str:
    """`text` with the table that stands between the two marks made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


def main() -> int:
    text = README.read_text(encoding="utf-8")
    new = written(text)
    if "--check" in sys.argv:
        return int(text != new)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
