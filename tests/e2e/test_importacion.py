"""A real worker is killed in the middle of an import, and another finishes it."""

import time

import pytest
import urllib3

from tests.e2e.system import PASSWORD, System, until

pytestmark = pytest.mark.e2e

FILAS = 60_000
Fields = dict[str, str | tuple[str, str]]


@pytest.fixture
def usuario(system: System) -> str:
    name = f"importa-{time.time_ns()}"
    system.admin(name)
    return name


def estado(system: System, pk: int) -> tuple[str, int]:
    return system.sql("SELECT estado, leidas FROM clientes_importacion WHERE id = %s", pk)[0]


class Browser:
    """A person's session: cookies and the token of the forms."""

    def __init__(self, url: str, username: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(retries=False, timeout=60.0)
        self._cookies: dict[str, str] = {}
        self._call("GET", "/cuentas/ingresar/", None, expect=200)
        self.post("/cuentas/ingresar/", {"username": username, "password": PASSWORD})

    def post(self, path: str, fields: Fields) -> urllib3.BaseHTTPResponse:
        """Send a form that is taken: the answer leads to another page."""
        fields = fields | {"csrfmiddlewaretoken": self._cookies["csrftoken"]}
        return self._call("POST", path, fields, expect=302)

    def _call(self, method: str, path: str, fields: Fields | None, *, expect: int) -> urllib3.BaseHTTPResponse:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()), "Referer": self._url}
        answer = self._http.request(method, self._url + path, fields=fields, headers=headers, redirect=False)
        assert answer.status == expect, (method, path, answer.status, answer.data[:500])
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer


def test_a_killed_worker_loses_and_repeats_nothing(system: System, usuario: str) -> None:
    lines = ["nombre;telefono;documento", *(f"Cliente {n};{3_101_234_567 + n};{n + 1}" for n in range(FILAS))]
    lines[40_000] = "Malo;12;x"
    browser = Browser(system.url, usuario)
    uploaded = browser.post("/clientes/importar/", {"archivo": ("lista.csv", "\n".join(lines)), "tipo": "clientes"})
    path = uploaded.headers["Location"]
    pk = int(path.rstrip("/").rpartition("/")[2])
    form = {"columna_nombre": "0", "columna_telefono": "1", "columna_documento": "2"}
    browser.post(f"{path}empezar/", {**form, "con_titulos": "on", "clave": "documento", "modo": "buenas"})

    before = until(lambda: estado(system, pk), lambda now: now[1] >= 6_000)
    for number in (1, 2):
        system.kill(f"worker-{number}")
    try:
        time.sleep(1)
        at_death = estado(system, pk)
        assert at_death[0] == "procesando", f"it ended before it was killed: {before}, {at_death}"
        # Other tests' shops have clients too.
        query = "SELECT count(*) FROM clientes_cliente c JOIN core_usuario u ON u.id = c.usuario_id"
        assert system.sql(f"{query} WHERE u.username = %s", usuario) == [(0,)]
        # A minute's lease, which no test waits for.
        system.sql("UPDATE clientes_importacion SET lease_hasta = now() WHERE id = %s", pk)
    finally:
        for number in (1, 2):
            system.start_worker(number)
    until(lambda: estado(system, pk)[0], lambda now: now == "completada", timeout_s=90)

    counts = system.sql("SELECT creadas, rechazadas, leidas FROM clientes_importacion WHERE id = %s", pk)
    assert counts == [(FILAS - 1, 1, FILAS)]
    found = system.sql(
        "SELECT count(*), count(DISTINCT documento) FROM clientes_cliente c JOIN core_usuario u ON u.id = c.usuario_id"
        " WHERE u.username = %s",
        usuario,
    )
    assert found == [(FILAS - 1, FILAS - 1)]
    assert system.sql("SELECT count(*) FROM clientes_importaciontrozo WHERE importacion_id = %s", pk) == [(0,)]
