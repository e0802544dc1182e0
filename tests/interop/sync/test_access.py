"""Who may do what in the database, and what becomes of a password."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from prep_app.cli import run
from prep_app.errors import UserError
from prep_app.interop.sync.connection import address_for
from prep_app.interop.sync.schema import set_up
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.interop.sync.conftest import PASSWORD, Database, Machine
from tests.interop.sync.postgres import Postgres

NewMachine = Callable[[str], Machine]
EVERYTHING_OF_OTHERS = "SELECT count(*) FROM prep.entry WHERE learner <> current_user"
FORBIDDEN = [
    "UPDATE prep.entry SET data = '{{}}'",
    "DELETE FROM prep.entry",
    "TRUNCATE prep.entry",
    "INSERT INTO prep.entry (learner, seq, push, id, at, kind, data) VALUES ('{victim}', 99, 1, 'x', 1, 'mark', '{{}}')",
    "INSERT INTO prep.learner (learner) VALUES ('{victim}')",
    "INSERT INTO prep.board (learner, name, readiness, reviews, streak) VALUES ('{victim}', 'x', 1, 1, 1)",
    "DELETE FROM prep.board",
    "DELETE FROM prep.pack",
    "UPDATE prep.server SET version = 9",
    "DROP POLICY own ON prep.entry",
    "CREATE POLICY mine ON prep.entry USING (true)",
    "ALTER TABLE prep.entry DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE prep.entry NO FORCE ROW LEVEL SECURITY",
    "DROP TABLE prep.entry",
    "CREATE TABLE prep.mine (x int)",
    "CREATE FUNCTION prep.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER t BEFORE INSERT ON prep.entry EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "SET ROLE {victim}",
    "SET SESSION AUTHORIZATION {victim}",
    "SET row_security = off; " + EVERYTHING_OF_OTHERS,
    "SET ROLE prep_learner; INSERT INTO prep.board (name, readiness, reviews, streak) VALUES ('x', 1, 1, 1)",
    *(f"BEGIN; LOCK TABLE prep.{table} IN SHARE MODE" for table in ("entry", "learner", "board", "pack", "server")),
]
NOTHING_SEEN = [
    EVERYTHING_OF_OTHERS,
    "SELECT count(*) FROM prep.learner WHERE learner <> current_user",
    "SET ROLE prep_learner; SELECT count(*) FROM prep.entry",
    "SELECT count(*) FROM pg_stats WHERE schemaname = 'prep' AND tablename = 'entry'",
]
NOTHING_DONE = [
    "UPDATE prep.board SET name = 'x' WHERE learner = '{victim}'",
    "UPDATE prep.pack SET files = '{{}}' WHERE learner = '{victim}'",
    "UPDATE prep.learner SET pushed = now() WHERE learner = '{victim}'",
]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a sync that must be refused; return the one line on stderr."""
    assert run(["sync", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if "`ps`" not in line]
    assert len(lines) == 1
    assert PASSWORD not in captured.err
    assert "s3cret%26w0rd" not in captured.err
    return lines[0]


def test_a_learner_can_neither_read_nor_touch_what_is_another_s(cohort: Database, machine: NewMachine) -> None:
    victim, hostile = cohort.learner(), cohort.learner()
    desk = machine(cohort.url(victim))
    desk.answer("a")
    desk.sync("--board", "Victim")
    with cohort.admin() as admin:
        admin.execute("INSERT INTO prep.pack (learner, name, digest, files) VALUES (%s, 'p', 'd', '{}')", [victim])
        admin.execute("ANALYZE")
    with psycopg.connect(cohort.url(hostile), autocommit=True) as own:
        own.execute("INSERT INTO prep.learner (pushed) VALUES (now())")
        own.execute("INSERT INTO prep.entry (seq, push, id, at, kind, data) VALUES (1, 1, 'own', 1, 'mark', '{}')")

    def run_as_hostile(statements: str) -> psycopg.Cursor[tuple[Any, ...]]:
        for statement in statements.format(victim=victim).split("; "):
            done = connection.execute(statement)
        return done

    for statement in [*FORBIDDEN, *NOTHING_SEEN, *NOTHING_DONE]:
        with psycopg.connect(cohort.url(hostile), autocommit=True) as connection:
            try:
                done = run_as_hostile(statement)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation):
                assert statement in FORBIDDEN
                continue
            assert statement not in FORBIDDEN
            assert done.rowcount == 0 if statement in NOTHING_DONE else done.fetchone() == (0,), statement
    assert cohort.one("SELECT count(*) FROM prep.entry WHERE learner = %s", victim) == 1
    assert cohort.one("SELECT name FROM prep.board WHERE learner = %s", victim) == "Victim"


def test_an_id_that_another_learner_used_first_is_taken_all_the_same(database: Database, machine: NewMachine) -> None:
    victim, hostile = database.learner(), database.learner()
    desk = machine(database.url(victim))
    desk.answer("a")
    memory = desk.memory()
    known = memory.entries()[0].id
    memory.close()
    with psycopg.connect(database.url(hostile), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO prep.entry (seq, push, id, at, kind, data) VALUES (1, 1, %s, 1, 'x', '{}')", [known]
        )
    assert desk.sync()["sent"] == 1


def test_whoever_is_no_learner_is_told_whom_to_ask(
    database: Database, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.admin() as admin:
        admin.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{PASSWORD}'")
    assert "GRANT prep_learner TO" in refused(capsys, database.url("stranger"))


def test_setting_up_is_done_once_by_an_owner_who_need_not_be_a_superuser(
    server: Postgres, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with server.admin() as admin:
        admin.execute(f"CREATE ROLE owner_1 LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        admin.execute("CREATE DATABASE owned OWNER owner_1")
    url = server.url("owner_1", "s3cret%26w0rd", "owned")
    assert "prep sync --setup" in refused(capsys, url)
    assert run(["sync", "--setup", url, "--json"]) == run(["sync", "--setup", url, "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"version": 1}] * 2
    assert run(["sync", url]) == 0
    with server.admin("owned") as admin:
        admin.execute("UPDATE prep.server SET version = 2")
    capsys.readouterr()
    assert "update prep" in refused(capsys, url)
    with pytest.raises(UserError, match="newer prep"):
        set_up(address_for(url, Settings()))


def test_the_url_comes_from_the_command_line_then_the_environment_then_the_settings(
    database: Database, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREP_SYNC_URL", raising=False)
    assert "PREP_SYNC_URL" in refused(capsys)
    url = database.url(database.learner())
    home.config.write_text(f'sync_url = "{url}"\n')
    assert run(["sync"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("PREP_SYNC_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    assert "127.0.0.1/nowhere" in refused(capsys)
    assert run(["sync", url]) == 0
    assert "PGPASSWORD" in capsys.readouterr().err  # `ps` shows what is on the command line
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert run(["sync", url.replace(":s3cret%26w0rd", "")]) == 0
    assert capsys.readouterr().err == ""


def test_a_password_is_in_no_message_and_in_no_file(
    database: Database, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    url = database.url(database.learner())
    assert run(["sync", url]) == 0
    assert PASSWORD not in "".join(capsys.readouterr())
    assert "PGPASSWORD" in refused(capsys, url.replace("//learner", "//nobody"))
    assert "cannot be read" in refused(capsys, url.replace("%26", "%2"))
    assert "cannot be read" in refused(capsys, url.replace("postgresql:", "mysql:"))
    assert "database" in refused(capsys, url.replace(database.name, "s3cret%26w0rd"))
    for path in home.root.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes(), path


def test_tls_is_as_the_url_says(database: Database, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    server, role = database.server, database.learner()
    if not server.certificate.exists():
        pytest.skip("no openssl here to make a certificate with")

    def url(options: str) -> str:
        return server.url(role, "s3cret%26w0rd", database.name, options)

    encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND usename = %s"
    with psycopg.connect(url(f"sslmode=verify-full&sslrootcert={server.certificate}")):
        assert database.one(encrypted, role) == 1
    assert run(["sync", url(f"sslmode=verify-full&sslrootcert={server.certificate}")]) == 0
    capsys.readouterr()
    assert "certificate" in refused(capsys, url("sslmode=verify-full&sslrootcert=system"))


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['psycopg'] = None; from prep_app.cli import run; sys.exit(run(sys.argv[1:]))"
    words = [sys.executable, "-c", program, "sync", "postgresql://a@b/c", "--home", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "prep: syncing needs psycopg, which is not installed; run: pip install 'prep[sync]'\n"
