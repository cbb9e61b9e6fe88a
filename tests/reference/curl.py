"""The reference's curl commands, run by curl: only the host, the session, the token and the ids are filled in."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

COMMANDS = dict(
    re.findall(r"^== (.+)\n((?:.+\n)+)", (Path(__file__).parent / "clients_api.txt").read_text(), flags=re.MULTILINE)
)
HOST = "http://localhost:8000"
PATIENCE_S = 20


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def path(self) -> str:
        """Return where it redirects to, without the host."""
        return urlparse(self.headers["location"]).path


@dataclass(frozen=True)
class Curl:
    """A person at a terminal, signed in.

    Some commands of the reference leave the cookies out: curl reads them from its own configuration file.
    """

    host: str
    home: Path
    session: str = ""
    token: str = ""

    def run(self, name: str, *, pk: int | None = None) -> Answer:
        """Run the command of this heading.

        Args:
            pk: the id to fill in.
        """
        text = COMMANDS[name].replace(HOST, self.host)
        text = re.sub(r"<(your-)?session>", self.session, text).replace("<token>", self.token)
        if pk is not None:
            text = re.sub(r"(?<=/)(<pk>|1)(?=/)", str(pk), text)
        assert "<" not in text, text
        cookies = "" if "Cookie:" in text else f"sessionid={self.session}; csrftoken={self.token}"
        return self.shell(text, cookies)

    def shell(self, text: str, cookies: str = "") -> Answer:
        head = self.home / "head"
        config = f'silent\nshow-error\nnoproxy = "*"\nmax-time = {PATIENCE_S}\ndump-header = "{head}"\n'
        (self.home / ".curlrc").write_text(config + (f'cookie = "{cookies}"\n' if cookies else ""))
        env = {"PATH": str(Path(shutil.which("curl") or "").parent), "CURL_HOME": str(self.home)}
        done = subprocess.run(["/bin/sh", "-c", text], env=env, capture_output=True, text=True, check=True)
        first, *lines = head.read_text().strip().splitlines()
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        return Answer(int(first.split()[1]), headers, done.stdout)


def sign_in(host: str, home: Path, username: str, password: str) -> Curl:
    """Through the login page, as the reference's reader does it."""
    jar, curl = home / "jar", Curl(host, home)
    url = f"{host}/cuentas/ingresar/"
    curl.shell(f"curl -c {jar} {url}")
    token = _cookie(jar, "csrftoken")
    answer = curl.shell(
        f"curl -b {jar} -c {jar} -H 'X-CSRFToken: {token}' -d username={username} -d password={password} {url}"
    )
    assert answer.status == 302, answer
    return Curl(host, home, _cookie(jar, "sessionid"), _cookie(jar, "csrftoken"))


def _cookie(jar: Path, name: str) -> str:
    return next(line.split("\t")[6] for line in jar.read_text().splitlines() if f"\t{name}\t" in line)
