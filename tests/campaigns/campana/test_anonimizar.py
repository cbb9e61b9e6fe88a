"""Erasing a client's personal data, in the shop and in the ledger; totals stay."""

from typing import Any

import pytest

from campaigns.campana import privacidad
from campaigns.models import CampanaSMS, SMSLog
from clientes import services
from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Usuario
from tests.factories import (
    CampanaFactory,
    ClienteFactory,
    EtiquetaFactory,
    VentaFactory,
    open_lote,
    sms_log,
)
from tests.pages import flashes, get

SENT = {"estado": "enviado", "twilio_sid": "SM1", "intentos": 1}
DATOS = ("Ana Gómez", "3001234567", "987654321")


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(
        usuario=owner, nombre=DATOS[0], telefono=DATOS[1], documento=DATOS[2], origen="Campaña «Para Ana»"
    )


def in_campaign(ana: Cliente, *, over: bool = True, **fields: Any) -> SMSLog:
    campana = CampanaFactory.create(usuario=ana.usuario, nombre="Promo", estado="procesando")
    log = sms_log(campana, open_lote(campana, [ana]), ana, **{**SENT, **fields})
    if over:
        CampanaSMS.objects.filter(pk=campana.pk).update(
            estado="completado", enviados_exitosos=1, completado_en=campana.creado
        )
    return log


def test_it_erases_everywhere_and_keeps_the_totals(owner: Usuario, ana: Cliente) -> None:
    ana.etiquetas.add(EtiquetaFactory.create(usuario=owner))
    VentaFactory.create(cliente=ana, total="1000")
    log = in_campaign(ana)
    services.anonimizar_cliente(cliente=ana)
    ana.refresh_from_db()
    assert (ana.nombre, ana.telefono, ana.telefono_e164, ana.documento, ana.origen) == (services.ANONIMO, *[""] * 4)
    assert (ana.activo, ana.movil, ana.etiquetas.count()) == (False, False, 0)
    assert ana.anonimizado_en is not None
    log.refresh_from_db()
    assert (log.nombre, log.telefono, log.mensaje) == ("", "", "")
    assert (log.estado, log.twilio_sid, log.cliente_id) == ("enviado", "SM1", ana.pk)
    log.campana.refresh_from_db()
    assert log.campana.enviados_exitosos == 1
    assert ana.ventas.count() == 1
    body = get(owner, f"/clientes/{ana.pk}/") + get(owner, f"/clientes/{ana.pk}/mensajes/")
    assert not [dato for dato in DATOS if dato in body]


@pytest.mark.parametrize(
    ("error", "kept"),
    [("The 'To' number +573001234567 is not valid", ""), ("El número no es de un celular", None), ("", None)],
)
def test_an_error_that_repeats_the_number_goes_too(error: str, kept: str | None, ana: Cliente) -> None:
    log = in_campaign(ana, estado="fallido", codigo="21211", error=error, twilio_sid="")
    services.anonimizar_cliente(cliente=ana)
    log.refresh_from_db()
    assert log.error == (error if kept is None else kept)
    assert log.codigo == "21211"


def test_an_error_of_a_row_without_phone_stays(ana: Cliente) -> None:
    log = in_campaign(ana, estado="fallido", codigo="sin_telefono", error="Sin teléfono", telefono="", twilio_sid="")
    services.anonimizar_cliente(cliente=ana)
    log.refresh_from_db()
    assert log.error == "Sin teléfono"


def test_several_anonymous_clients_fit_in_one_campaign(owner: Usuario, ana: Cliente) -> None:
    log = in_campaign(ana)
    luis = ClienteFactory.create(usuario=owner)
    sms_log(log.campana, log.lote, luis, **{**SENT, "twilio_sid": "SM2"})
    for cliente in (ana, luis):
        services.anonimizar_cliente(cliente=cliente)
    assert list(SMSLog.objects.values_list("telefono", flat=True)) == ["", ""]


@pytest.mark.parametrize(
    "fields",
    [
        {"estado": "pendiente", "twilio_sid": ""},
        {"estado": "incierto", "twilio_sid": ""},
        {"estado": "pendiente", "twilio_sid": "", "over": True},
    ],
    ids=["waiting", "uncertain", "not final although the campaign is over"],
)
def test_it_refuses_while_a_campaign_needs_the_data(fields: dict[str, Any], owner: Usuario, ana: Cliente) -> None:
    in_campaign(ana, **{"over": False, **fields})
    said = flashes(owner, f"/clientes/{ana.pk}/anonimizar/", {})
    assert said == [privacidad.EN_CAMPANA.format(campana="Promo")]
    ana.refresh_from_db()
    assert (ana.nombre, ana.anonimizado_en) == (DATOS[0], None)
    assert SMSLog.objects.get().nombre == DATOS[0]


def test_it_refuses_while_the_client_waits_for_a_lote(ana: Cliente) -> None:
    campana = CampanaFactory.create(usuario=ana.usuario)
    campana.lotes.create(numero=1, cliente_ids=[ana.pk], total=1)
    with pytest.raises(ConflictError):
        services.anonimizar_cliente(cliente=ana)
    ana.refresh_from_db()
    assert ana.nombre == DATOS[0]


def test_a_sent_row_of_a_running_campaign_is_no_obstacle(ana: Cliente) -> None:
    in_campaign(ana, over=False)
    services.anonimizar_cliente(cliente=ana)
    assert SMSLog.objects.get().mensaje == ""


def test_it_leaves_the_others_alone(owner: Usuario, ana: Cliente) -> None:
    luis = ClienteFactory.create(usuario=owner, nombre="Luis")
    log = in_campaign(luis)
    services.anonimizar_cliente(cliente=ana)
    log.refresh_from_db()
    assert log.nombre == "Luis"
