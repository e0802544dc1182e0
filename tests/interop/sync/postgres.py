"""A real PostgreSQL server of our own, from the distribution's package: started, killed and started again at will."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

SUPERUSER = "postgres"
PATIENCE = 60.0  # seconds for a server to start


def programs() -> Path | None:
    """The folder with initdb and postgres of the newest PostgreSQL installed; None where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    sound = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return sound[-1] if sound and (os.getuid() != 0 or _user()) else None


def _user() -> str | None:
    """Whom to run it as: it refuses to run as root."""
    if os.getuid() != 0:
        return None
    return next((entry.pw_name for entry in pwd.getpwall() if entry.pw_name == "postgres"), None)


class Postgres:
    """One server, on a loopback port and a socket. Its superuser needs no password on the socket; others give theirs."""

    def __init__(self, *options: str) -> None:
        bin_folder = programs()
        assert bin_folder is not None
        self._bin = bin_folder
        # A commit is written before it is acknowledged all the same, so it outlives the server, however that is killed;
        # only a machine that loses its power needs what fsync adds.
        self._options = [word for option in ("fsync=off", *options) for word in ("-c", option)]
        self.folder = Path(tempfile.mkdtemp(prefix="prep-pg-"))  # short: a socket's path has 107 bytes
        self.data = self.folder / "data"
        if user := _user():
            shutil.chown(self.folder, user)
        more = ["--auth-local=trust", "--auth-host=scram-sha-256", "--wal-segsize=1"]
        self._run(bin_folder / "initdb", "-D", self.data, "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-N", *more)
        self._options += self._certificate()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def _run(self, *words: object) -> None:
        out = subprocess.DEVNULL
        subprocess.run([*map(str, words)], check=True, user=_user(), stdout=out, stderr=out, cwd=self.folder)

    def _certificate(self) -> list[str]:
        """A certificate signed by itself, where there is a program to make it; then connections may be encrypted."""
        self.certificate = self.folder / "server.crt"
        key = self.folder / "server.key"
        if shutil.which("openssl") is None:
            return []
        names = ["-subj", "/CN=prep", "-addext", "subjectAltName=IP:127.0.0.1"]
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key, "-out", self.certificate]
        self._run("openssl", "req", "-x509", "-nodes", "-days", "2", *names, *made)
        settings = ["ssl=on", f"ssl_cert_file={self.certificate}", f"ssl_key_file={key}"]
        return [word for setting in settings for word in ("-c", setting)]

    def start(self) -> None:
        """Start, and wait until it lets people in."""
        options = ["-k", str(self.folder), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", *self._options]
        deadline = time.monotonic() + PATIENCE
        log = (self.folder / "log").open("ab")
        while True:
            if self._process is None or self._process.poll() is not None:  # remains of a killed one may be in the way
                command = [self._bin / "postgres", "-D", self.data, *options]
                self._process = subprocess.Popen(command, user=_user(), stdout=log, stderr=log, cwd=self.folder)
            try:
                self.admin().close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.05)
        log.close()

    def kill(self) -> None:
        """As a power cut would, for the server: no good-bye to anybody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody will read its files again
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=SUPERUSER, dbname=database, autocommit=True, connect_timeout=5
        )

    def admin_url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={self.folder}&port={self.port}"

    def url(self, role: str, password: str, database: str, options: str = "sslmode=disable") -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}?{options}"
