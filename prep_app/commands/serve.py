"""prep serve: the app in a browser."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from contextlib import redirect_stdout

from prep_app import paths
from prep_app.errors import UserError
from prep_app.memory.store import Memory
from prep_app.settings import read_settings

OTHERS = """\
prep: warning: --host {host} lets other machines in. Whoever has the link can do what you can do here, running code
included, and nothing is encrypted on the way. Safer, from another machine of yours: prep serve here, without --host,
and there: ssh -L {port}:localhost:{port} THIS_MACHINE"""


def run(options: Namespace) -> int:
    try:
        from prep_app.web.door import Door, is_loopback
        from prep_app.web.server import serve
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("prep_app"):
            raise
        raise UserError("prep serve needs one more part; install it with: pip install 'prep[web]'") from None
    if not 0 <= options.port < 1 << 16:
        raise UserError(f"--port {options.port}: there are 1 to 65535; 0 takes any that is free")
    home = paths.home(options.home)
    Memory.open(home, read_settings(home.config)).close()  # what is wrong with the files is said here, not in a page
    if not is_loopback(options.host):
        print(OTHERS.format(host=options.host, port=options.port or "PORT"), file=sys.stderr)
    out = sys.stdout

    def opened(link: str) -> None:
        open_there = f"prep is in your browser at\n\n  {link}\n\nCtrl+C here closes it, and every page of it."
        print(json.dumps({"url": link}) if options.json else open_there, file=out, flush=True)

    command = [sys.executable, "-P", "-m", "prep_app", "--home", str(home.root.resolve())]
    with redirect_stdout(sys.stderr):  # where textual-serve prints what an app said as it died
        asyncio.run(serve(Door(options.host), options.port, command, opened))
    return 0
