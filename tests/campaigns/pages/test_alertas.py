"""The page of alerts: what it keeps, what it refuses, and a secret that is shown once."""

import re
from typing import Any

import pytest
from django.db.models import F

from campaigns.bitacora import alertas
from campaigns.models import AjustesAlertas, Alerta
from campaigns.pages import alertas as paginas
from campaigns.pages.alertas import DEMASIADAS, PROBADA
from campaigns.values import direccion
from core.models import Usuario
from tests.core.api.support import error_of
from tests.pages import flashes, get, signed_in

PATH = "/alertas/"
FORM = {
    "url": "https://sistema.tienda.co/alertas",
    "correos": "ana@tienda.co\nluis@tienda.co, ana@tienda.co",
    "al_pausarse": "true",
    "al_detenerse": "false",
    "al_fallar": "true",
    "minutos_sin_avance": "15",
}


def post(usuario: Usuario, path: str = PATH, **changes: str) -> Any:
    return signed_in(usuario).post(path, {**FORM, **changes})


def secret_in(body: str) -> str:
    found = re.findall(r'value="(whsec_[^"]+)"', body)
    return str(found[0]) if found else ""


def test_it_keeps_what_the_shop_wants_and_shows_the_secret_once(owner: Usuario) -> None:
    answer = post(owner)
    ajustes = AjustesAlertas.objects.get()
    assert (ajustes.url, ajustes.correos) == (FORM["url"], ["ana@tienda.co", "luis@tienda.co"])
    assert (ajustes.al_pausarse, ajustes.al_detenerse, ajustes.minutos_sin_avance) == (True, False, 15)
    assert secret_in(answer.content.decode()) == ajustes.secreto
    assert ajustes.secreto not in get(owner, PATH)
    assert post(owner).status_code == 302  # no new secret: nothing to show
    assert AjustesAlertas.objects.get().secreto == ajustes.secreto


def test_what_is_not_sent_stays(owner: Usuario) -> None:
    post(owner)
    signed_in(owner).post(PATH, {"minutos_sin_avance": "30"})
    ajustes = AjustesAlertas.objects.get()
    assert (ajustes.url, ajustes.correos, ajustes.al_detenerse) == (
        FORM["url"],
        ["ana@tienda.co", "luis@tienda.co"],
        False,
    )
    assert ajustes.minutos_sin_avance == 30


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("url", "https://169.254.169.254/x", direccion.NO_ES_PUBLICA.format(host="169.254.169.254")),
        ("url", "http://tienda.co/", direccion.NO_ES_HTTPS),
        ("correos", "ana@tienda.co, luis", paginas.NO_ES_CORREO.format(correo="luis")),
        ("correos", " ".join(f"a{n}@b.co" for n in range(6)), paginas.DEMASIADOS.format(max=5)),
        ("minutos_sin_avance", "0", "mayor o igual a 1."),
        ("minutos_sin_avance", "2000", "menor o igual a 1440"),
        ("al_fallar", "quizás", "Escriba «true» o «false»."),
    ],
)
def test_it_refuses_with_the_reason(field: str, value: str, reason: str, owner: Usuario) -> None:
    body = post(owner, **{field: value}).content.decode()
    assert reason in body.replace("&#x27;", "'")
    assert not AjustesAlertas.objects.exists()


def test_a_new_secret_takes_the_place_of_the_old_one(owner: Usuario) -> None:
    post(owner)
    before = AjustesAlertas.objects.get().secreto
    shown = secret_in(post(owner, "/alertas/secreto/").content.decode())
    assert shown == AjustesAlertas.objects.get().secreto != before


def test_a_trial_goes_out_and_is_listed(owner: Usuario) -> None:
    assert flashes(owner, "/alertas/prueba/", {}) == [alertas.SIN_DESTINO]
    post(owner, url="")
    assert flashes(owner, "/alertas/prueba/", {}) == [alertas.SIN_CONFIRMAR]
    post(owner)
    AjustesAlertas.objects.update(confirmados=F("correos"))
    flashes(owner, "/alertas/prueba/", {})
    assert Alerta.objects.get(tipo="prueba").entregas.count() == 3
    body = get(owner, PATH)
    assert "Prueba" in body
    assert "sistema.tienda.co" in body


def test_a_shop_asks_for_a_few_trials_a_minute(owner: Usuario, stranger: Usuario, api: Any) -> None:
    """The page and the API share the count; each trial is several calls to somebody's server."""
    for usuario in (owner, stranger):
        alertas.guardar_ajustes(usuario=usuario, datos={"url": FORM["url"]})
    for _ in range(2):
        assert flashes(owner, "/alertas/prueba/", {}) == [PROBADA]
        assert api.post("/api/v1/alertas/prueba/").status_code == 202
    assert flashes(owner, "/alertas/prueba/", {}) == [PROBADA]
    refused = api.post("/api/v1/alertas/prueba/")
    assert error_of(refused, 429)["code"] == "throttled"
    assert 0 < int(refused["Retry-After"]) <= 60
    [said] = flashes(owner, "/alertas/prueba/", {})
    assert said.startswith(DEMASIADAS.partition("{")[0])
    assert Alerta.objects.count() == 5
    assert flashes(stranger, "/alertas/prueba/", {}) == [PROBADA]
    assert api.get("/api/v1/alertas/").status_code == 200


def test_it_says_that_no_email_will_leave(owner: Usuario, settings: Any) -> None:
    assert "EMAIL_HOST" in get(owner, PATH)
    settings.EMAIL_HOST = "correo.tienda.co"
    assert "EMAIL_HOST" not in get(owner, PATH)


def test_the_api_keeps_and_refuses_the_same(api: Any) -> None:
    url = "/api/v1/alertas/ajustes/"
    body = api.patch(url, {"url": FORM["url"], "correos": ["ana@tienda.co"]}).json()
    assert (body["url"], body["correos"], body["firmado"]) == (FORM["url"], ["ana@tienda.co"], True)
    assert body["sin_confirmar"] == ["ana@tienda.co"]
    assert "secreto" not in body
    AjustesAlertas.objects.update(confirmados=F("correos"))
    assert api.get(url).json()["sin_confirmar"] == []
    refused = api.patch(url, {"url": "https://localhost/x"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["attr"] == "url"
    assert api.patch(url, {"secreto": "whsec_x"}).status_code == 400
    assert api.post("/api/v1/alertas/secreto/").json()["secreto"].startswith("whsec_")
    assert api.post("/api/v1/alertas/prueba/").status_code == 202
    alerta, asked = api.get("/api/v1/alertas/").json()["results"]
    assert asked["tipo"] == "confirmacion"
    assert {entrega["canal"] for entrega in alerta["entregas"]} == {"webhook", "correo"}
