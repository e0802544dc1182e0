"""Write requirements.lock and requirements-torch.lock: one version and its hashes for everything prep may need.

    python docs/lock.py        needs uv (pip install uv)

uv resolves pyproject.toml with all its extras for every platform and Python that prep supports; a line that is not for
all of them says which it is for. torch and what only torch brings stand in a file of their own, since which build of
torch is right depends on the machine.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = "3.11"
TORCHS = re.compile(r"(torch|triton|nvidia-.+|cuda-.+)==")
HEAD = """\
# {says}
# Made by `make lock`. Install: pip install --require-hashes --no-deps -r requirements.lock -r requirements-torch.lock
"""
SAYS = {
    "requirements.lock": "What prep, its extras and its tests need, but for torch. Python 3.11 or newer, any platform.",
    "requirements-torch.lock": "torch as PyPI has it: with CUDA on Linux. For the CPU alone see docs/licences.md.",
}


def main() -> int:
    asked = ["uv", "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--python-version", OLDEST]
    quiet = ["--generate-hashes", "--no-header", "--no-emit-index-url", "--no-annotate", "--quiet"]
    try:
        done = subprocess.run([*asked, *quiet], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        print("uv is not installed: pip install uv", file=sys.stderr)
        return 2
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        return 1
    held: dict[str, list[str]] = {name: [] for name in SAYS}
    for block in re.split(r"\n(?=\S)", done.stdout.strip()):
        held["requirements-torch.lock" if TORCHS.match(block) else "requirements.lock"].append(block)
    for name, blocks in held.items():
        (ROOT / name).write_text(HEAD.format(says=SAYS[name]) + "\n".join(blocks) + "\n", encoding="utf-8")
        print(f"{name}: {len(blocks)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
