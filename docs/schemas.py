"""Write the JSON Schemas that ship with prep, from the models of a pack's files. `--check` only compares.

make docs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from prep_app.content.editor_schema import Which, schema_text

FOLDER = Path(__file__).parent.parent / "prep_app" / "content" / "schemas"


def main() -> int:
    wanted = {FOLDER / f"{which}.schema.json": schema_text(which) for which in get_args(Which)}
    if "--check" in sys.argv:
        return int(any(not path.exists() or path.read_text(encoding="utf-8") != text for path, text in wanted.items()))
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
