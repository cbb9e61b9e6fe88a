"""The file that makes the product's role in docker-compose.yml's PostgreSQL, run on a cluster of its own."""

import sys
from pathlib import Path

import pytest

from tests.docker.variables import ROOT
from tests.local.stack.support import stack

pytestmark = pytest.mark.stack

FILE = ROOT / "scripts" / "compose.d" / "postgres.sql"
# As the image does it: the superuser `postgres`, the database `sms`, then the file by psql.
CODE = """
import os, subprocess, sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
import psycopg2
from local.stack import cluster

folder = unquote(urlsplit(os.environ["DATABASE_URL"]).hostname)
secrets = Path(sys.argv[1]) / "secrets"
superuser = (secrets / "postgres_postgres").read_text().strip()
admin = psycopg2.connect(host=folder, user="postgres", password=superuser, dbname="postgres")
admin.autocommit = True
with admin.cursor() as cursor:
    for statement in ("DROP DATABASE sms WITH (FORCE)", "DROP ROLE sms", "CREATE DATABASE sms"):
        cursor.execute(statement)
psql = [str(cluster.programs() / "psql"), "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "postgres", "-d", "sms", "-f"]
env = {**os.environ, "PGPASSWORD": superuser, "POSTGRES_PASSWORD": "la 'clave'"}
subprocess.run([*psql, sys.argv[2]], env=env, check=True, stdout=subprocess.DEVNULL)
with admin.cursor() as cursor:
    cursor.execute("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'postgres'")
    print("no password" if cursor.fetchone()[0] else "a password")

env = {**os.environ, "DATABASE_URL": f"postgresql://sms:la%20'clave'@{folder.replace('/', '%2F')}/sms"}
migrate = [sys.executable, "manage.py", "migrate", "--no-input", "-v0"]
done = subprocess.run(migrate, env=env, capture_output=True, text=True)
print("migrated" if done.returncode == 0 else done.stderr[-600:])

product = psycopg2.connect(host=folder, user="sms", password="la 'clave'", dbname="sms")
product.autocommit = True
for statement in (
    "COPY (SELECT 1) TO PROGRAM 'true'", "CREATE ROLE x", "CREATE DATABASE x", "CREATE SCHEMA x",
    "ALTER SYSTEM SET fsync = off", "SELECT pg_read_file('/etc/passwd')",
    "ALTER ROLE sms SUPERUSER", "SET ROLE postgres", "SELECT * FROM pg_authid",
):
    with product.cursor() as cursor:
        try:
            cursor.execute(statement)
        except psycopg2.errors.InsufficientPrivilege:
            print("refused")
        else:
            print(statement)
"""


def test_it_owns_its_schema_and_no_more(tmp_path: Path) -> None:
    data = tmp_path / "datos"
    done = stack("run", "--data", str(data), "--", sys.executable, "-c", CODE, str(data), str(FILE))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1][-11:] == ["no password", "migrated", *["refused"] * 9]
