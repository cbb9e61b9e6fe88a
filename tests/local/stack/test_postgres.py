"""The embedded PostgreSQL and Valkey: reachable by us wherever the clone lies, and by nobody else."""

import os
import stat
import sys
from pathlib import Path

import pytest

from local.stack.layout import Layout
from local.stack.postgres import Postgres
from tests.local.stack.support import stack

pytestmark = pytest.mark.stack

# Long enough that a socket below it could not exist: those paths hold 107 bytes.
DEEP = "a private home/" + "a folder with a long name/" * 8 + "datos"
ASK = """
import os, stat, sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
import psycopg2, redis

url = urlsplit(os.environ["DATABASE_URL"])
folder = unquote(url.hostname)

def ask(user, password, question):
    connection = psycopg2.connect(host=folder, user=user, password=password, dbname="sms")
    with connection.cursor() as cursor:
        cursor.execute(question)
        answer = cursor.fetchone()[0]
    connection.close()
    return answer

def refused(user, password):
    try:
        ask(user, password, "SELECT 1")
    except psycopg2.OperationalError as error:
        return "authentication failed" in str(error) or "no password supplied" in str(error)
    return False

"""


def ask(data: Path, code: str) -> str:
    """Run Python beside the databases of a data folder and return what it prints."""
    done = stack("run", "--data", str(data), "--", sys.executable, "-c", ASK + code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder deep below a folder that only its owner may enter."""
    path = tmp_path / DEEP
    path.parent.mkdir(parents=True)
    (tmp_path / "a private home").chmod(0o700)
    return path


def modes(path: Path) -> dict[Path, int]:
    return {parent: stat.S_IMODE(parent.stat().st_mode) for parent in path.parents}


def test_it_works_below_a_long_private_path_and_changes_no_permission(data: Path) -> None:
    before = modes(data)
    said = ask(
        data,
        """
print(ask("sms", url.password, "SELECT upper('ñandú')"))
print(redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
print(folder)
""",
    )
    upper, ping, sockets = said.splitlines()
    assert (upper, ping) == ("ÑANDÚ", "True")
    assert not Path(sockets).parent.exists()  # removed with the stop
    assert modes(data) == before
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_it_lets_no_other_user_in(data: Path) -> None:
    said = ask(
        data,
        """
print(refused("sms", "guess"), refused("postgres", "guess"), refused("sms", None), refused("postgres", None))
print(oct(stat.S_IMODE(Path(folder).parent.stat().st_mode)))
print(ask("sms", url.password, "SHOW listen_addresses") == "")
print(ask("sms", url.password, "SELECT rolsuper FROM pg_roles WHERE rolname = 'sms'"))
""",
    )
    assert said.splitlines() == ["True True True True", "0o700", "True", "False"]
    for file in (data / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # The server may run as another user (root cannot), so its folder is closed by the one above it.
    assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700


def test_it_keeps_its_data_and_its_promises(data: Path) -> None:
    ask(
        data,
        """
connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.cursor().execute("CREATE TABLE kept AS SELECT 42 AS answer")
connection.commit()
redis.Redis.from_url(os.environ["REDIS_URL"]).set("kept", 42)
""",
    )
    said = ask(
        data,
        """
print(ask("sms", url.password, "SELECT answer FROM kept"))
print(redis.Redis.from_url(os.environ["REDIS_URL"]).get("kept"))
print([ask("sms", url.password, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")])
""",
    )
    assert said.splitlines() == ["42", "b'42'", "['on', 'on', 'on']"]


def test_what_is_thrown_away_is_not_forced_to_the_disk() -> None:
    code = 'print([ask("sms", url.password, f"SHOW {name}") for name in ("fsync", "synchronous_commit")])'
    done = stack("run", "--", sys.executable, "-c", ASK + code)
    assert (done.returncode, done.stdout.strip()) == (0, "['off', 'on']"), done.stderr


def test_it_passes_the_exit_code_on(tmp_path: Path) -> None:
    assert (
        stack("run", "--data", str(tmp_path / "d"), "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    )


def test_it_rejects_data_of_another_version(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "15").mkdir(parents=True)
    done = stack("run", "--data", str(tmp_path), "--", "true")
    assert done.returncode == 1
    assert "made by PostgreSQL 15 and this is 18" in done.stderr
    assert str(tmp_path) in done.stderr


def test_it_rejects_a_folder_of_someone_else_in_one_line(tmp_path: Path) -> None:
    data = tmp_path / "theirs"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, 12345, 12345)
    else:
        data.chmod(0o500)
    done = stack("run", "--data", str(data), "--", "true")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(data) in done.stderr


def test_it_quotes_the_socket_folder_in_the_address(tmp_path: Path) -> None:
    url = Postgres(Layout(tmp_path), Path("/run/Sms-X y"), 10).url
    assert "@%2Frun%2FSms-X%20y%2Fpg/sms" in url
