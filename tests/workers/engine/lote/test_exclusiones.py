"""The clients whom the shop does not write to, kept out by the engine until the last moment, and counted by the
preview."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.audiencia.juicio import TEXTOS
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import services
from campaigns.campana.services import mover_campana
from campaigns.ley.consulta import SIN_CONSULTA
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS, Contacto, SMSLog
from campaigns.values import codigos
from campaigns.values.horario import dia_de
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Cliente, Fuente
from clientes.rne.services import importar_lista
from core.models import Usuario
from tests.clientes.importacion.support import csv, run
from tests.conftest import signed_in
from tests.factories import CampanaFactory, ClienteFactory
from tests.workers.engine.conftest import take
from workers.engine.campaign import campana as campanas
from workers.engine.campaign import jornadas
from workers.engine.lote import closing, publishing

ANA, LUIS, EVA = "+573001112233", "+573004445566", "+573007778899"


@pytest.fixture(autouse=True)
def _publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)


def client(usuario: Usuario, telefono: str, **fields: Any) -> Cliente:
    return ClienteFactory.create(usuario=usuario, telefono=telefono, **fields)


def exclude(usuario: Usuario, *telefonos: str, reemplaza: bool = False) -> None:
    importar_lista(usuario=usuario, telefonos=telefonos, consultado_en=date(2026, 1, 2), reemplaza=reemplaza)


def require_consent(usuario: Usuario) -> None:
    cambiar_ajustes(usuario=usuario, cambios={"exigir_consentimiento": True})


def opened(usuario: Usuario, *clientes: Cliente) -> CampanaSMS:
    audiencia = Audiencia.de_ids([cliente.pk for cliente in clientes])
    found, _ = services.crear_campana(usuario=usuario, nueva=services.NuevaCampana(mensaje="Hola", audiencia=audiencia))
    campanas.advance(found.pk)
    return found


def codes(campana: CampanaSMS) -> list[str]:
    return list(SMSLog.objects.filter(campana=campana).order_by("id").values_list("codigo", flat=True))


def test_a_number_of_the_register_gets_nothing(owner: Usuario, stranger: Usuario) -> None:
    exclude(owner, ANA)
    exclude(stranger, LUIS)
    found = opened(owner, client(owner, ANA), client(owner, "300 444 5566"))
    assert codes(found) == [codigos.RNE, ""]
    row = SMSLog.objects.filter(campana=found).first()
    assert row is not None
    assert (row.estado, row.error) == ("fallido", TEXTOS[codigos.RNE])


def test_the_register_is_a_setting(owner: Usuario) -> None:
    exclude(owner, ANA)
    cambiar_ajustes(usuario=owner, cambios={"rne_activo": False}, motivo="Solo avisos de pedidos")
    assert codes(opened(owner, client(owner, ANA))) == [""]


@pytest.mark.parametrize(("days", "runs"), [(None, False), (4, False), (3, True)])
def test_a_shop_may_require_a_fresh_consultation(owner: Usuario, days: int | None, runs: bool) -> None:
    if days is not None:
        day = timezone.localdate() - timedelta(days=days)
        importar_lista(usuario=owner, telefonos=[LUIS], consultado_en=day, reemplaza=False)
    cambiar_ajustes(usuario=owner, cambios={"rne_exigir_consulta": True, "rne_vigencia_dias": 3})
    found = opened(owner, client(owner, ANA))
    found.refresh_from_db()
    assert (found.estado, found.motivo) == (("procesando", "") if runs else ("pausado", SIN_CONSULTA.format(dias=3)))
    assert SMSLog.objects.exists() is runs
    nueva = services.NuevaCampana(
        mensaje="Su pedido llegó",
        audiencia=Audiencia.de_ids([client(owner, EVA).pk]),
        clase="transaccional",
        clase_motivo="Pedidos listos",
    )
    order, _ = services.crear_campana(usuario=owner, nueva=nueva)
    campanas.advance(order.pk)
    assert codes(order) == [""]  # it is no advertising


def test_a_shop_may_require_that_each_text_names_it(owner: Usuario) -> None:
    owner.tienda = "Zapatos Luna"
    owner.save()
    found = services.crear_campana(
        usuario=owner,
        nueva=services.NuevaCampana(mensaje="20% hoy", audiencia=Audiencia.de_ids([client(owner, ANA).pk])),
    )[0]
    cambiar_ajustes(usuario=owner, cambios={"exigir_nombre": True})
    campanas.advance(found.pk)
    found.refresh_from_db()
    assert (found.estado, found.motivo) == ("pausado", jornadas.SIN_NOMBRE)
    assert not SMSLog.objects.exists()
    # Its alias will do; and what was paused goes on once it does.
    cambiar_ajustes(usuario=owner, cambios={"alias": "Hoy"})
    mover_campana(campana=found, action="reanudar")
    campanas.advance(found.pk)
    assert codes(found) == [""]


def test_one_that_paused_for_it_goes_on_with_a_new_one(owner: Usuario) -> None:
    cambiar_ajustes(usuario=owner, cambios={"rne_exigir_consulta": True})
    found = opened(owner, client(owner, ANA), client(owner, LUIS))
    importar_lista(usuario=owner, telefonos=[LUIS], consultado_en=timezone.localdate(), reemplaza=False)
    found.refresh_from_db()
    mover_campana(campana=found, action="reanudar")
    campanas.advance(found.pk)
    assert codes(found) == ["", codigos.RNE]


def test_without_a_consent_nobody_gets_anything_when_it_is_required(owner: Usuario) -> None:
    given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)}
    clientes = client(owner, ANA), client(owner, LUIS, **given)
    assert codes(opened(owner, *clientes)) == ["", ""]  # a new shop does not require it
    require_consent(owner)
    assert codes(opened(owner, *clientes)) == [codigos.SIN_CONSENTIMIENTO, ""]


@pytest.mark.django_db(transaction=True)  # the hour passes between two statements
@pytest.mark.parametrize(
    ("change", "codigo"),
    [
        (lambda usuario: exclude(usuario, ANA), codigos.RNE),
        (require_consent, codigos.SIN_CONSENTIMIENTO),
    ],
    ids=["the register", "the consent"],
)
def test_what_waits_is_judged_again_before_the_next_message(
    owner: Usuario, change: Callable[[Usuario], None], codigo: str
) -> None:
    """Three rows wait; from the change on none is claimed before the engine has looked at them again."""
    given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)}
    found = opened(owner, client(owner, ANA), client(owner, LUIS, **given), client(owner, EVA, **given))
    rows = list(SMSLog.objects.filter(campana=found).order_by("id"))
    assert take(rows[2].pk) is not None
    change(owner)
    assert [take(row.pk) for row in rows[:2]] == [None, None]
    campanas.advance(found.pk)
    assert [take(row.pk) is not None for row in rows[:2]] == [False, True]
    assert codes(found) == [codigo, "", ""]


def save_in_the_admin(owner: Usuario, cliente: Cliente, **fields: str) -> None:
    root = Usuario.objects.create_superuser("root", password="clave-segura-1")
    given = {"nombre": cliente.nombre, "telefono": cliente.telefono, "usuario": str(owner.pk), "activo": "true"}
    consent = {"consentimiento_fuente": "Caja", "consentimiento_en": "2026-01-01"}
    browser = Client()
    browser.force_login(root)
    browser.post("/admin/motivo/", {"tienda": owner.pk, "motivo": "La tienda pidió ayuda"})
    path = f"/admin/clientes/cliente/{cliente.pk}/change/"
    assert browser.post(path, given | consent | fields)["Location"] == "/admin/clientes/cliente/"


def page(usuario: Usuario, path: str, data: dict[str, str] | None = None) -> None:
    browser = Client()
    browser.force_login(usuario)
    assert browser.post(path, data or {}).status_code == 302


WITHDRAWN = {"consentimiento_fuente": "", "consentimiento_en": None}
FORM = {"nombre": "Ana", "telefono": ANA, "activo": "true"}
TAKEN: dict[str, tuple[Callable[[Usuario, Cliente], object], str]] = {
    "deactivated on the page": (
        lambda usuario, ana: page(usuario, f"/clientes/{ana.pk}/desactivar/"),
        codigos.CLIENTE_INACTIVO,
    ),
    "deactivated in the form": (
        lambda usuario, ana: page(usuario, f"/clientes/editar/{ana.pk}/", FORM | {"activo": "false"}),
        codigos.CLIENTE_INACTIVO,
    ),
    "consent cleared in the form": (
        lambda usuario, ana: page(
            usuario, f"/clientes/editar/{ana.pk}/", FORM | {"consentimiento_fuente": "", "consentimiento_en": ""}
        ),
        codigos.SIN_CONSENTIMIENTO,
    ),
    "deactivated by the API": (
        lambda usuario, ana: signed_in(usuario).patch(f"/api/v1/clientes/{ana.pk}/", {"activo": False}),
        codigos.CLIENTE_INACTIVO,
    ),
    "consent cleared by the API": (
        lambda usuario, ana: signed_in(usuario).patch(f"/api/v1/clientes/{ana.pk}/", WITHDRAWN),
        codigos.SIN_CONSENTIMIENTO,
    ),
    "deactivated by an import": (
        lambda usuario, ana: run(usuario, csv("Teléfono,Activo", f"{ANA},no"), clave="telefono"),
        codigos.CLIENTE_INACTIVO,
    ),
    "deactivated in the admin": (
        lambda usuario, ana: save_in_the_admin(usuario, ana, activo="false"),
        codigos.CLIENTE_INACTIVO,
    ),
    "consent cleared in the admin": (
        lambda usuario, ana: save_in_the_admin(usuario, ana, consentimiento_fuente="", consentimiento_en=""),
        codigos.SIN_CONSENTIMIENTO,
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("take_away", "codigo"), TAKEN.values(), ids=TAKEN)
def test_a_client_who_is_taken_out_gets_no_message_that_waits(
    owner: Usuario, take_away: Callable[[Usuario, Cliente], object], codigo: str
) -> None:
    given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)}
    require_consent(owner)
    ana = client(owner, ANA, **given)
    found = opened(owner, ana, client(owner, LUIS, **given))
    rows = list(SMSLog.objects.filter(campana=found).order_by("id"))
    take_away(owner, ana)
    assert take(rows[0].pk) is None
    campanas.advance(found.pk)
    assert [take(row.pk) is not None for row in rows] == [False, True]
    assert codes(found) == [codigo, ""]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_takes_nothing_away_stops_nothing(owner: Usuario) -> None:
    given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)}
    ana, luis = client(owner, ANA, **given), client(owner, LUIS, activo=False)
    found = opened(owner, ana)
    api = signed_in(owner)
    assert api.patch(f"/api/v1/clientes/{ana.pk}/", {"nombre": "Ana María", "activo": True}).status_code == 200
    assert api.patch(f"/api/v1/clientes/{ana.pk}/", {"consentimiento_fuente": "Feria"}).status_code == 200
    assert api.patch(f"/api/v1/clientes/{luis.pk}/", {"activo": False, **WITHDRAWN}).status_code == 200
    page(owner, f"/clientes/{luis.pk}/desactivar/")
    run(owner, csv("Teléfono,Nombre,Activo", f"{ANA},Ana,sí", f"{LUIS},Luis,no"), clave="telefono")
    assert take(SMSLog.objects.get(campana=found).pk) is not None


def test_the_clients_own_word_comes_first(owner: Usuario, api: APIClient) -> None:
    """Out for every reason at once: as each is given up, the next one speaks, in the preview as in the engine."""
    ana = client(owner, ANA)
    waiting = opened(owner, ana)
    zona = ajustes_de(owner.pk).zona
    cambiar_ajustes(usuario=owner, cambios={"frecuencia_activa": True, "exigir_consentimiento": True})
    Contacto.objects.create(usuario=owner, dia=dia_de(zona, timezone.now()), telefono=ANA, n=1, campana=waiting)
    exclude(owner, ANA)
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
    campanas.advance(waiting.pk)
    assert codes(waiting) == [codigos.BAJA]
    given_up: list[tuple[str, Callable[[], object]]] = [
        (codigos.BAJA, lambda: dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))),
        (codigos.RNE, lambda: exclude(owner, LUIS, reemplaza=True)),
        (codigos.SIN_CONSENTIMIENTO, lambda: Ajustes.objects.update(exigir_consentimiento=False)),
        (codigos.FRECUENCIA, lambda: Contacto.objects.all().delete()),
    ]
    for codigo, give_up in given_up:
        assert codes(opened(owner, ana)) == [codigo]
        vista = api.post("/api/v1/campanas/vista-previa/", {"mensaje": "Hola", "cliente_ids": [ana.pk]}).json()
        assert [cada["codigo"] for cada in vista["excluidos"]] == [codigo]
        assert vista["ejemplos"] == []
        give_up()
    assert codes(opened(owner, ana)) == [""]


def test_nor_does_trying_again_reach_them(owner: Usuario) -> None:
    ana, luis = client(owner, ANA), client(owner, LUIS)
    found = opened(owner, ana, luis)
    SMSLog.objects.update(estado="fallido", codigo="30003")
    closing.close(found.lotes.get().pk)
    campanas.advance(found.pk)
    exclude(owner, ANA)
    mover_campana(campana=found, action="reintentar")
    campanas.advance(found.pk)
    assert codes(found) == [codigos.RNE, ""]


def test_a_campaign_that_is_tried_again_follows_the_settings_of_now(owner: Usuario) -> None:
    """The campaign had ended when they changed, so nobody told it."""
    found = opened(owner, client(owner, ANA))
    SMSLog.objects.update(estado="fallido", codigo="30003")
    closing.close(found.lotes.get().pk)
    campanas.advance(found.pk)
    closed = dict.fromkeys(("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"))
    CampanaSMS.objects.filter(pk=found.pk).update(ventana_hasta=Now())
    found.usuario.ajustes.ventanas, found.usuario.ajustes.ventanas_activas = closed, True
    found.usuario.ajustes.save()
    mover_campana(campana=found, action="reintentar")
    campanas.advance(found.pk)
    found.refresh_from_db()
    assert found.espera_hasta is not None
    assert SMSLog.objects.get().estado == "fallido"


def test_the_preview_counts_every_exclusion_by_reason(owner: Usuario, api: APIClient) -> None:
    given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)}
    exclude(owner, ANA)
    cambiar_ajustes(usuario=owner, cambios={"exigir_consentimiento": True, "frecuencia_activa": True})
    for telefono, fields in {
        ANA: given,
        LUIS: {},
        EVA: given,
        "+573005550001": given,
        "+57 300 555 0001": given,
        "+573005550002": given | {"activo": False},
        "12": given,
        "": given,
    }.items():
        client(owner, telefono, **fields)
    campana = CampanaFactory.create(usuario=owner)
    today = api.post("/api/v1/campanas/vista-previa/", {"mensaje": "Hola", "audiencia": {"todos": True}}).json()
    dia = today["ventana"]["desde"][:10]
    Contacto.objects.create(usuario=owner, dia=dia, telefono=EVA, n=1, campana=campana)
    ids = list(Cliente.objects.order_by("id").values_list("pk", flat=True))

    seen = api.post("/api/v1/campanas/vista-previa/", {"mensaje": "Hola", "cliente_ids": ids}).json()

    counted = {row["codigo"]: row["cantidad"] for row in seen["excluidos"]}
    assert counted == dict.fromkeys(
        (
            codigos.RNE,
            codigos.SIN_CONSENTIMIENTO,
            codigos.FRECUENCIA,
            codigos.TELEFONO_DUPLICADO,
            codigos.CLIENTE_INACTIVO,
            codigos.TELEFONO_INVALIDO,
            codigos.SIN_TELEFONO,
        ),
        1,
    )
    assert seen["costo"]["mensajes"] == 1
    # The engine says the same of each.
    found = opened(owner, *Cliente.objects.order_by("id"))
    failed = SMSLog.objects.filter(campana=found, estado="fallido").values_list("codigo", flat=True)
    assert sorted(failed) == sorted(counted)
