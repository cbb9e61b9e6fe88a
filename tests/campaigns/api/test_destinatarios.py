"""POST /api/v1/campanas/ with `destinatarios`: people who are named by phone, with words of their own."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.campana import destinatarios, reintentos
from campaigns.mensaje import texto
from campaigns.mensaje.partes import contar
from campaigns.models import CampanaSMS, Destinatario, Lote, SMSLog
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.importacion import fusion
from clientes.importacion.lote import OTRO_GUARDA
from clientes.models import Cliente, Fuente
from clientes.services import ANONIMO, anonimizar_cliente, eliminar_cliente
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of, errors_of, row_counts
from tests.factories import ClienteFactory, EtiquetaFactory, llave_de
from workers.engine.campaign import campana as campanas
from workers.engine.lote import opening, publishing
from workers.engine.lote import prueba as prueba_del_motor

URL = "/api/v1/campanas/"
PREVIEW = f"{URL}vista-previa/"
TEXTO = "Hola {nombre|vecino}, tu pedido {pedido|nuevo} llega a {ciudad|tu ciudad}. Bájate: {enlace_baja}"
ANA = {"telefono": "300 111 2233", "nombre": "Ana", "variables": {"pedido": "A-1"}}
EVA = {"telefono": "3001112234", "nombre": "Eva", "variables": {"pedido": "A-2"}}


@pytest.fixture(autouse=True)
def _nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)


def opened(campana_id: int) -> list[SMSLog]:
    """Let the engine open all Lotes of a campaign; its rows, in their order."""
    total = CampanaSMS.objects.get(pk=campana_id).total_clientes
    for _ in range(total):
        campanas.advance(campana_id)
        if SMSLog.objects.filter(campana=campana_id).count() == total:
            break
    return list(SMSLog.objects.filter(campana=campana_id).order_by("pk"))


def test_it_finds_clients_by_phone_and_makes_the_others(api: APIClient, owner: Usuario, settings: Any) -> None:
    settings.LOTE_SIZE, settings.LOTES_EN_VUELO = 4, 100
    known = ClienteFactory.create(usuario=owner, nombre="Luis Díaz", telefono="3109876543")
    out = ClienteFactory.create(usuario=owner, nombre="Eva", telefono="3005550001")
    dar_de_baja(telefono=out.telefono_e164, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
    away = ClienteFactory.create(usuario=owner, nombre="Mario", telefono="3005550002", activo=False)
    family = [ClienteFactory.create(usuario=owner, telefono="3005550003", documento=d) for d in ("1", "1.020.304")]
    tag = EtiquetaFactory.create(usuario=owner)
    also = ClienteFactory.create(usuario=owner, nombre="Ñandú", telefono="3001112233")  # Ana has this phone
    other = ClienteFactory.create(usuario=owner, nombre="Zoé 😀", telefono="3007770000")
    for cliente in (known, also, other):
        cliente.etiquetas.add(tag)
    ClienteFactory.create(telefono="3005550009")  # another shop's
    called: list[dict[str, Any]] = [
        {"telefono": "3109876543", "variables": {"pedido": 77, "ciudad": "Bogotá", "otra": "no se usa"}},
        {**ANA, "telefono": "+57 300 111 2244", "documento": "52"},
        {"telefono": "3005550009", "variables": {"pedido": None, "ciudad": "  Cali &amp; Valle\n"}},
        {"telefono": "12", "nombre": "Malo"},
        {"telefono": ""},
        {"telefono": "(300) 111-2244", "nombre": "Otra Ana", "variables": {"pedido": "A-2"}},
        {"telefono": "3005550001"},
        {"telefono": "3005550002", "nombre": "{pedido}", "variables": {"pedido": "{nombre}"}},
        {"telefono": "3005550003", "nombre": "{nombre}", "documento": "1020304", "variables": {"ciudad": "{pedido} €"}},
    ]
    body = {"mensaje": TEXTO, "destinatarios": called, "audiencia": {"etiquetas": [tag.pk]}}
    before = row_counts()
    seen = api.post(PREVIEW, body)
    assert seen.status_code == 200, seen.content
    assert row_counts() == before
    answer = api.post(URL, {**body, "nombre": "Envíos"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["total_clientes"] == len(called) + 2  # Luis comes once
    new = {c.nombre: c for c in Cliente.objects.exclude(origen="")}
    assert set(new) == {"Ana", "Cliente"}
    assert {c.origen for c in new.values()} == {"Campaña «Envíos», por la API"}
    assert (new["Ana"].telefono_e164, new["Ana"].documento, new["Ana"].pais) == ("+573001112244", "52", "CO")
    assert (new["Ana"].movil, new["Ana"].usuario, new["Ana"].consentimiento_en) == (True, owner, None)
    known.refresh_from_db()
    assert (known.nombre, known.origen) == ("Luis Díaz", "")

    rows = opened(answer.json()["id"])
    assert [row.cliente_id for row in rows] == [
        known.pk, new["Ana"].pk, new["Cliente"].pk, None, None, None, out.pk, away.pk, family[1].pk, also.pk, other.pk,
    ]  # fmt: skip
    assert [row.codigo for row in rows] == [
        "", "", "", "telefono_invalido", "sin_telefono", "telefono_duplicado", "baja", "cliente_inactivo", "", "", "",
    ]  # fmt: skip
    texts = [row.mensaje.partition(" Bájate:")[0] for row in rows if not row.codigo]
    assert texts == [
        "Hola Luis Díaz, tu pedido 77 llega a Bogotá.",
        "Hola Ana, tu pedido A-1 llega a tu ciudad.",
        "Hola vecino, tu pedido nuevo llega a Cali & Valle.",
        "Hola {nombre}, tu pedido nuevo llega a {pedido} €.",
        "Hola Ñandú, tu pedido nuevo llega a tu ciudad.",
        "Hola Zoé 😀, tu pedido nuevo llega a tu ciudad.",
    ]
    assert all(row.segmentos == contar(row.mensaje).segmentos for row in rows if not row.codigo)
    assert rows[3].error == "destinatarios.3: El teléfono no es un número válido."
    assert rows[5].error == "destinatarios.5: Tiene el mismo teléfono que destinatarios.1."
    # What the preview said is what the engine did.
    said = seen.json()
    assert said["total"] == len(rows)
    assert {one["codigo"]: one["cantidad"] for one in said["excluidos"]} == Counter(r.codigo for r in rows if r.codigo)
    assert said["costo"]["segmentos"] == sum(row.segmentos or 0 for row in rows)
    assert said["costo"]["mensajes"] == len(texts)
    assert len(said["mas_largo"]["mensaje"]) == max(len(row.mensaje) for row in rows)
    assert said["ejemplos"][0]["mensaje"].startswith("Hola Luis Díaz, tu pedido 77 llega a Bogotá.")
    # The logs say all that to the caller.
    logs = api.get(answer.json()["logs_url"]).json()["results"]
    assert [(row["codigo"], row["resultado"]) for row in logs[3:6]] == [
        ("telefono_invalido", "excluido"), ("sin_telefono", "excluido"), ("telefono_duplicado", "excluido"),
    ]  # fmt: skip


def test_a_retry_has_the_same_words_and_a_copy_the_clients(api: APIClient, owner: Usuario) -> None:
    body = {"mensaje": "{nombre}: pedido {pedido}", "destinatarios": [ANA, {**ANA, "telefono": "1"}]}
    made = api.post(URL, body).json()["id"]
    opened(made)
    lote = Lote.objects.get(campana=made)
    SMSLog.objects.filter(campana=made, codigo="").update(estado="fallido", codigo="21610", mensaje="", telefono="")
    SMSLog.objects.filter(codigo="21610").update(codigo="30003")
    Lote.objects.update(estado="pendiente", cerrado_en="2026-01-01T00:00Z")
    campana = CampanaSMS.objects.get(pk=made)
    assert reintentos.reintentables(campana)
    opening.open_next(campana)
    again = SMSLog.objects.get(lote=lote, estado="pendiente")
    assert (again.mensaje, again.segmentos) == ("Ana: pedido A-1", 1)
    assert again.cliente_id is not None
    assert set(destinatarios.guardados(campana, lote.cliente_ids).llamados[0].valores) == {"pedido"}


REFUSED: list[tuple[Any, str, str]] = [
    ([], "destinatarios", "empty"),
    ({}, "destinatarios", "not_a_list"),
    (None, "destinatarios", "null"),
    ([ANA, 3], "destinatarios.1", "invalid"),
    ([None], "destinatarios.0", "invalid"),
    ([{}], "destinatarios.0.telefono", "required"),
    ([{"telefono": None}], "destinatarios.0.telefono", "required"),
    ([{"telefono": 3001112233}], "destinatarios.0.telefono", "invalid"),
    ([{"telefono": "300\0"}], "destinatarios.0.telefono", "null_characters_not_allowed"),
    ([{**ANA, "fono": "1"}], "destinatarios.0.fono", "unknown_field"),
    ([{**ANA, "nombre": "x" * 151}], "destinatarios.0.nombre", "max_length"),
    ([{**ANA, "nombre": ["Ana"]}], "destinatarios.0.nombre", "invalid"),
    ([{**ANA, "nombre": "#N/A"}], "destinatarios.0.nombre", "unreadable"),
    ([{**ANA, "documento": 52}], "destinatarios.0.documento", "invalid"),
    ([{**ANA, "documento": "1.02E+09"}], "destinatarios.0.documento", "unreadable"),
    ([{**ANA, "documento": "x" * 21}], "destinatarios.0.documento", "max_length"),
    ([{**ANA, "variables": []}], "destinatarios.0.variables", "invalid"),
    ([{**ANA, "variables": {"pedido": True}}], "destinatarios.0.variables.pedido", "invalid"),
    ([{**ANA, "variables": {"pedido": 1.5}}], "destinatarios.0.variables.pedido", "invalid"),
    ([{**ANA, "variables": {"pedido": 10**400}}], "destinatarios.0.variables.pedido", "max_length"),
    ([{**ANA, "variables": {"pedido": {"a": 1}}}], "destinatarios.0.variables.pedido", "invalid"),
    ([{**ANA, "variables": {"pedido": "x" * 301}}], "destinatarios.0.variables.pedido", "max_length"),
    ([{**ANA, "variables": {"pedido": "\0"}}], "destinatarios.0.variables.pedido", "null_characters_not_allowed"),
    ([{**ANA, "variables": {"pedido": "1", "Ciudad": "x"}}], "destinatarios.0.variables.Ciudad", "invalid"),
    ([{**ANA, "variables": {"pedido": "1", "año": "x"}}], "destinatarios.0.variables.año", "invalid"),
    ([{**ANA, "variables": {"pedido": "1", "nombre": "x"}}], "destinatarios.0.variables.nombre", "invalid"),
    ([{**ANA, "variables": {f"v{n}": "x" for n in range(21)}}], "destinatarios.0.variables", "max_length"),
    ([ANA, {**EVA, "variables": {}}], "destinatarios.1.variables.pedido", "required"),
    (
        [ANA, {**EVA, "variables": {"pedido": " "}}],
        "destinatarios.1.variables.pedido",
        "required",
    ),
    ([ANA, {**EVA, "nombre": None}], "destinatarios.1.nombre", "required"),
    ([{"telefono": "3001112233", "nombre": "Ana"}], "mensaje", "unknown_placeholder"),
]


@pytest.mark.parametrize("url", [URL, PREVIEW])
def test_it_names_the_place_and_does_nothing(api: APIClient, url: str) -> None:
    before = row_counts()
    for called, attr, code in REFUSED:
        error = error_of(api.post(url, {"mensaje": "Hola {nombre}: {pedido}", "destinatarios": called}), 400)
        assert (error["attr"], error["code"]) == (attr, code)
    assert row_counts() == before


def test_a_text_that_would_not_read_well_is_refused(api: APIClient, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner)
    before = row_counts()
    for mensaje, code in (
        ("Hola {nombre} {pedido} {cuidad}", "unknown_placeholder"),
        ("Hola {pedido} {{ciudad}}", "unknown_placeholder"),
        ("Hola {pedido", "unbalanced_brace"),
        ("Hola {pedido|}", "unknown_placeholder"),
        ("Hola {Pedido}", "unknown_placeholder"),
        ("Baja {enlace_baja|x} {pedido}", "unknown_placeholder"),
        ("Baja {enlace_baja}{pedido}", "glued_link"),
        ("Pedido {pedido}", "missing_default"),  # which nobody of the audience has
        ("x" * 1_590 + " {pedido|" + "y" * 20 + "}", "max_length"),
    ):
        body = {"mensaje": mensaje, "destinatarios": [ANA], "audiencia": {"todos": True}}
        error = error_of(api.post(URL, body), 400)
        assert (error["attr"], error["code"]) == ("mensaje", code)
    assert row_counts() == before


def test_errors_are_many_but_not_all(api: APIClient) -> None:
    long = {**ANA, "variables": {"pedido": "x" * 300, "ciudad": "y" * 300}}
    answer = api.post(URL, {"mensaje": "{pedido}" * 3 + "{ciudad}" * 3, "destinatarios": [long]})
    assert [(e["attr"], e["code"]) for e in errors_of(answer, 400)] == [("destinatarios.0.variables", "max_length")]
    answer = api.post(URL, {"mensaje": "Hola", "destinatarios": [7] * 1_000})
    assert len(errors_of(answer, 400)) == destinatarios.ERRORES_MAX
    answer = api.post(URL, {"mensaje": "Hola", "destinatarios": [{}] * (destinatarios.MAXIMO + 1)})
    assert error_of(answer, 400)["code"] == "max_length"


def test_the_same_key_makes_one_campaign(api: APIClient) -> None:
    body = {"mensaje": "Pedido {pedido}", "destinatarios": [ANA]}
    first = api.post(URL, body, headers={"Idempotency-Key": "a"})
    before = row_counts()
    again = api.post(URL, body, headers={"Idempotency-Key": "a"})
    assert (again.json()["id"], again["Idempotent-Replayed"]) == (first.json()["id"], "true")
    other = {**body, "destinatarios": [{**ANA, "variables": {"pedido": "A-2"}}]}
    assert api.post(URL, other, headers={"Idempotency-Key": "a"}).status_code == 409
    assert row_counts() == before


def test_who_is_busy_with_the_clients_comes_first(
    api: APIClient, owner: Usuario, teammate: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"mensaje": "Hola", "destinatarios": [ANA]}
    monkeypatch.setattr("clientes.importacion.por_telefono.candado", lambda tienda, espera: False)
    assert error_of(api.post(URL, body), 409) == {"code": "busy", "detail": OTRO_GUARDA, "attr": None}
    assert api.post(PREVIEW, body).status_code == 200  # which writes nothing
    assert not CampanaSMS.objects.exists()
    ClienteFactory.create(usuario=owner, telefono=ANA["telefono"])
    assert api.post(URL, body).status_code == 201  # nobody new
    assert signed_in(teammate).post(URL, body).status_code == 403
    assert fusion.candado(owner.pk, espera=False)


def test_a_test_key_sends_nothing_and_makes_no_real_client(owner: Usuario) -> None:
    prueba = APIClient(headers={"Authorization": f"Bearer {llave_de(owner, 'campanas', prueba=True)}"})
    body = {"mensaje": "Hola {pedido}", "destinatarios": [{**ANA, "telefono": "+15005550009"}, ANA]}
    for url in (URL, PREVIEW):
        error = error_of(prueba.post(url, body), 400)
        assert (error["attr"], error["code"]) == ("destinatarios.1.telefono", "test_key")
    assert not Cliente.objects.exists()
    ClienteFactory.create(usuario=owner, telefono=ANA["telefono"])
    answer = prueba.post(URL, body)
    assert answer.json()["prueba"]
    CampanaSMS.objects.update(estado="procesando")
    prueba_del_motor.send(answer.json()["id"])
    assert list(SMSLog.objects.order_by("pk").values_list("codigo", "estado")) == [
        ("21614", "fallido"),
        ("", "enviado"),
    ]


def test_a_document_has_one_owner(api: APIClient, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, telefono="3009990000", documento="1.020.304")
    ClienteFactory.create(documento="77")  # another shop's
    given = ["1020304", "222222222222", "77", "77", "0", "a-1", "A-1", "", "XAXX010101000"]
    called = [{"telefono": f"300111000{n}", "documento": documento} for n, documento in enumerate(given)]
    assert api.post(URL, {"mensaje": "Hola", "destinatarios": called}).status_code == 201
    made = Cliente.objects.filter(usuario=owner).exclude(origen="").order_by("telefono_e164")
    assert [cliente.documento for cliente in made] == ["", "", "77", "", "", "a-1", "", "", ""]


@pytest.mark.parametrize("forget", ["anonimizar", "eliminar", "admin"])
def test_what_a_call_said_of_a_client_goes_with_them(api: APIClient, owner: Usuario, forget: str) -> None:
    body: dict[str, Any] = {"mensaje": "Pedido {pedido}", "destinatarios": [ANA, {**ANA, "nombre": "Anita"}, EVA]}
    later = api.post(URL, {**body, "programada_para": timezone.now() + timedelta(days=9)}).json()["id"]
    assert Destinatario.objects.first().valores == {"pedido": "A-1"}  # type: ignore[union-attr]
    ana = Cliente.objects.get(telefono=ANA["telefono"])
    if forget == "anonimizar":  # who has messages is not deleted
        sent = opened(api.post(URL, body).json()["id"])
        SMSLog.objects.filter(estado="pendiente").update(estado="fallido", codigo="21211")
        told = api.get(f"/api/v1/clientes/{ana.pk}/expediente/").json()["mensajes"]
        assert [row["nombre"] for row in told] == ["Ana", "Anita"]
        anonimizar_cliente(cliente=ana)
        sent = list(SMSLog.objects.order_by("pk"))
        assert [(row.nombre, row.telefono, row.mensaje) for row in sent[:2]] == [("", "", "")] * 2
        assert (sent[1].codigo, sent[1].error) == (
            "telefono_duplicado", "destinatarios.1: Tiene el mismo teléfono que destinatarios.0.",
        )  # fmt: skip
        assert (sent[2].nombre, sent[2].telefono) == ("Eva", "+573001112234")
    elif forget == "eliminar":
        eliminar_cliente(cliente=ana)
    else:
        Cliente.objects.filter(pk=ana.pk).delete()
    CampanaSMS.objects.filter(pk=later).update(programada_para=None)
    rows = opened(later)
    assert [(row.nombre, row.telefono) for row in rows[1:]] == [("", ""), ("Eva", "+573001112234")]
    assert rows[0].nombre in {"", ANONIMO}
    assert [row.codigo for row in rows[1:]] == ["telefono_duplicado", ""]
    kept = json.dumps(list(Destinatario.objects.exclude(nombre="Eva").values("nombre", "valores", "telefono")))
    assert "An" not in kept
    assert "A-1" not in kept


TEXTS = [
    "Hola",
    "{nombre}",
    "{nombre|a} {a}{a}{b|100% 'x'}",
    "{enlace_baja} {a|{} {b}",
    "\\ %s %% {a} \n {nombre}",
    "{a|b|c} {a|1} é",
]
VALUES: list[dict[str, str]] = [
    {},
    {"a": "1"},
    {"a": "{b}", "b": "{nombre}"},
    {"a": "\\1 %s ' \" {enlace_baja}", "b": "€"},
]


def test_the_engine_renders_as_the_preview_does(db: None) -> None:
    for mensaje in TEXTS:
        sql, params = opening.con_valores(mensaje)
        expression = sql.format(nombre="v.nombre", valores="v.valores", enlace="v.enlace")
        for valores in VALUES:
            for nombre in ("", "Ana {a}"):
                with connection.cursor() as cursor:
                    cursor.execute(
                        f"SELECT {expression} FROM (SELECT %(n)s::text AS nombre, %(v)s::jsonb AS valores,"
                        " 'x.co/b' AS enlace) v",
                        {**params, "n": nombre, "v": json.dumps(valores)},
                    )
                    known = {"a": "", "b": "", **valores}  # all of a text that was let through
                    assert cursor.fetchone()[0] == texto.render(mensaje, nombre, "x.co/b", valores=known)
