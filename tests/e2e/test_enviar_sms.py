"""The reference's curl against the running product: only session, token and ids are filled in."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.system import PASSWORD, Shop, System

pytestmark = pytest.mark.e2e
INVALID = "+15005550001"  # the simulator refuses it as Twilio does: 21211


@dataclass
class Curl:
    """A signed-in browser's cookies, in curl's hands."""

    url: str
    jar: Path

    def run(self, *args: str) -> str:
        command = ["curl", "-sS", "--max-time", "60", "-b", str(self.jar), "-c", str(self.jar), *args]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def token(self) -> str:
        [token] = re.findall(r"\tcsrftoken\t(\S+)", self.jar.read_text())
        return str(token)

    def open(self, *args: str, expect: int) -> None:
        """Open the page of the login, or send its form."""
        assert self.run(*args, f"{self.url}/cuentas/ingresar/", "-o", os.devnull, "-w", "%{http_code}") == str(expect)

    def sign_in(self, username: str) -> None:
        self.open(expect=200)
        form = f"username={username}&password={PASSWORD}"
        self.open("-X", "POST", "-H", f"X-CSRFToken: {self.token()}", "-d", form, expect=302)

    def enviar(self, body: str, *headers: str, expect: int) -> dict[str, Any]:
        """Call, and return the answer of the status that is expected."""
        extra = [arg for header in headers for arg in ("-H", header)]
        printed = self.run(
            "-X", "POST", f"{self.url}/clientes/enviar-sms/",
            "-H", "Content-Type: application/json",
            "-H", f"X-CSRFToken: {self.token()}",
            *extra, "-d", body, "-w", "\n%{http_code}",
        )  # fmt: skip
        answer, _, status = printed.rpartition("\n")
        assert status == str(expect), printed
        found: dict[str, Any] = json.loads(answer)
        return found


@pytest.fixture
def curl(system: System, shop: Shop, tmp_path: Path) -> Curl:
    curl = Curl(system.url, tmp_path / "cookies")
    curl.sign_in(shop.username)
    return curl


def test_the_example_workflow_ends_with_three_sent_and_one_failed(system: System, shop: Shop, curl: Curl) -> None:
    ids = shop.clients("+573001234567", "+573004000001", INVALID, "+573004000002")
    body = """{
"cliente_ids": [1, 5, 10, 15],
"mensaje": "Hola {nombre}, tenemos nuevos productos en stock!",
"nombre_campana": "Product Launch - March 2024"
}""".replace("[1, 5, 10, 15]", json.dumps(ids))
    answer = curl.enviar(body, expect=200)
    detalles = answer.pop("detalles")
    campana_id = answer.pop("campana_id")
    assert answer == {"success": True, "total_clientes": 4, "enviados_exitosos": 3, "enviados_fallidos": 1}
    assert [(row["cliente_id"], row["nombre"], row["estado"]) for row in detalles] == [
        (ids[0], "Cliente 0", "enviado"),
        (ids[1], "Cliente 1", "enviado"),
        (ids[2], "Cliente 2", "fallido"),
        (ids[3], "Cliente 3", "enviado"),
    ]
    assert [set(row) - {"cliente_id", "nombre", "estado"} for row in detalles] == [
        {"twilio_sid"}, {"twilio_sid"}, {"error"}, {"twilio_sid"}
    ]  # fmt: skip
    [(_, text)] = system.messages("+573001234567")
    assert text == "Hola Cliente 0, tenemos nuevos productos en stock!"
    assert shop.get(f"/campanas/{campana_id}/").body["nombre"] == "Product Launch - March 2024"


def test_who_does_not_wait_is_told_where_to_look(shop: Shop, curl: Curl) -> None:
    ids = shop.clients("+573004000011", "+573004000012")
    body = json.dumps({"cliente_ids": ids, "mensaje": "Hola"})
    answer = curl.enviar(body, "Prefer: respond-async", "Idempotency-Key: una-vez", expect=202)
    assert answer["total_clientes"] == 2
    assert answer["progreso_url"].endswith(f"/api/v1/campanas/{answer['campana_id']}/progreso/")
    # Asked again with the same key, it waits for that same campaign.
    ended = curl.enviar(body, "Idempotency-Key: una-vez", expect=200)
    assert (ended["campana_id"], ended["enviados_exitosos"]) == (answer["campana_id"], 2)


def test_nobody_knocks_without_a_session(system: System, tmp_path: Path) -> None:
    curl = Curl(system.url, tmp_path / "cookies")
    curl.open(expect=200)
    answer = curl.enviar('{"cliente_ids": [1], "mensaje": "Hola"}', expect=401)
    assert answer["success"] is False
