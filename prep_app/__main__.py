"""The program `prep`."""

from __future__ import annotations

import sys


def main() -> int:
    from prep_app.cli import run
    from prep_app.plain_letters import speak_plainly

    speak_plainly(sys.stdout, sys.stderr)
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
