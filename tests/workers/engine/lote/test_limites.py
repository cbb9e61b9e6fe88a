"""The operator's ceilings, kept by the engine and told by the preview: nothing that a shop does lifts them.

Countries: https://www.twilio.com/docs/messaging/guides/sms-geo-permissions
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from threading import Barrier, Thread
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana.espera import por_que_espera
from campaigns.campana.services import mover_campana
from campaigns.ley.gasto import TOPES
from campaigns.ley.limites import cambiar_limites
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS, Gasto, LimitesTienda, SMSLog
from campaigns.values import codigos
from campaigns.values.horario import dia_de, fin_del_dia
from campaigns.vista_previa.avisos import DE_TOPE, avisos_de
from campaigns.vista_previa.calculo import VistaPrevia, calcular_vista_previa
from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Registro, Usuario
from tests.factories import ClienteFactory
from tests.workers.engine.lote.test_cupos import codes, created, opened
from tests.workers.engine.lote.test_cupos import send as sent
from workers.engine.base import database
from workers.engine.campaign import campana as campanas
from workers.engine.lote import cupos, publishing
from workers.engine.message import ledger
from workers.gateway.outcomes import Accepted

# One phone of each; the last is a satellite's, which is of no country.
TELEFONOS = {
    "CO": "+573001112233",
    "PE": "+51987654321",
    "US": "+14155552671",
    "DO": "+18095551234",
    "JM": "+18765551234",
    "KZ": "+77011234567",
    "GB": "+447400123456",
    "": "+881612345678",
}


@pytest.fixture(autouse=True)
def _publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)


@pytest.fixture
def tienda(owner: Usuario, settings: Any) -> Usuario:
    settings.SMS_SEGMENT_PRICE = Decimal("0.5")
    return owner


def client(usuario: Usuario, telefono: str = "", **fields: Any) -> Cliente:
    return ClienteFactory.create(usuario=usuario, **({"telefono": telefono} if telefono else {}), **fields)


def preview(usuario: Usuario, *clientes: Cliente, mensaje: str = "Hola") -> VistaPrevia:
    return calcular_vista_previa(
        usuario=usuario, mensaje=mensaje, audiencia=Audiencia.de_ids([cliente.pk for cliente in clientes])
    )


def send(campana: CampanaSMS, *, ok: bool = True) -> None:
    """Let every waiting row of the campaign be sent, or refused by Twilio, its Lotes close, and the campaign go on."""
    sent(campana, ok=ok)
    campanas.advance(campana.pk)
    campana.refresh_from_db()


def taken(usuario: Usuario) -> tuple[Decimal, Decimal, int]:
    row = Gasto.objects.filter(usuario=usuario, dia=dia_de(ajustes_de(usuario.pk).zona, timezone.now())).first()
    return (row.monto, row.operador, row.mensajes) if row else (Decimal(0), Decimal(0), 0)


class TestCountries:
    @pytest.mark.parametrize(
        "allowed", [None, ["CO"], ["CO", "PE"], ["US"], ["DO", "GB"], ["*"]], ids=lambda each: "-".join(each or ["own"])
    )
    def test_preview_and_engine_keep_the_same_out(self, owner: Usuario, allowed: list[str] | None) -> None:
        if allowed:
            cambiar_limites(tienda=owner, cambios={"paises": allowed})
        clientes = [client(owner, telefono) for telefono in TELEFONOS.values()]
        may = [(not allowed and pais == "CO") or pais in (allowed or []) or allowed == ["*"] for pais in TELEFONOS]
        seen = preview(owner, *clientes)
        assert codes(opened(owner, *clientes)) == ["" if one else codigos.PAIS_NO_PERMITIDO for one in may]
        assert seen.costo.destinatarios == sum(may)
        assert seen.costo.excluidos == ({codigos.PAIS_NO_PERMITIDO: len(may) - sum(may)} if not all(may) else {})
        assert {each.cliente_id for each in seen.ejemplos} <= {
            cliente.pk for cliente, one in zip(clientes, may, strict=True) if one
        }

    def test_the_installations_own_country_is_the_one_of_its_numbers(self, owner: Usuario, settings: Any) -> None:
        settings.SHOP_COUNTRIES = ["PE", "US"]
        clientes = [client(owner, TELEFONOS[pais]) for pais in ("CO", "PE", "US")]
        assert codes(opened(owner, *clientes)) == [codigos.PAIS_NO_PERMITIDO, "", ""]

    def test_one_that_is_taken_away_stops_who_waits(self, owner: Usuario) -> None:
        cambiar_limites(tienda=owner, cambios={"paises": ["CO", "PE"]})
        moved, peru = client(owner, TELEFONOS["CO"]), client(owner, TELEFONOS["PE"])
        found = opened(owner, moved, peru)
        assert codes(found) == ["", ""]
        cambiar_limites(tienda=owner, cambios={"paises": ["CO"]})
        assert not CampanaSMS.objects.filter(
            cierra_en__gt=Now()
        ).exists()  # nothing leaves before they are judged again
        moved.telefono = "+51999888777"  # the message that waits is for the phone of before
        moved.save()
        campanas.advance(found.pk)
        assert codes(found) == ["", codigos.PAIS_NO_PERMITIDO]

    def test_a_retry_judges_the_phone_of_now(self, owner: Usuario) -> None:
        cliente = client(owner, TELEFONOS["CO"])
        found = opened(owner, cliente)
        send(found, ok=False)
        cliente.telefono = TELEFONOS["JM"]
        cliente.save()
        with pytest.raises(ConflictError):
            mover_campana(campana=found, action="reintentar")
        cambiar_limites(tienda=owner, cambios={"paises": ["JM"]})
        mover_campana(campana=found, action="reintentar")
        campanas.advance(found.pk)
        assert codes(found) == [""]

    @pytest.mark.parametrize(
        ("usual", "kept"), [(["CO"], ["CO", "PE", "US"]), (["*"], None), (["CO", "PE", "US"], None)]
    )
    def test_an_upgrade_stops_nobody(
        self, owner: Usuario, stranger: Usuario, settings: Any, usual: list[str], kept: list[str] | None
    ) -> None:
        """A shop with clients abroad keeps those countries; others follow the installation."""
        settings.SHOP_COUNTRIES = usual
        Ajustes.objects.filter(usuario=owner).delete()
        for pais in ("CO", "PE", "US", ""):
            client(owner, TELEFONOS[pais])
        client(stranger, TELEFONOS["CO"])
        with connection.schema_editor() as editor:
            import_module("campaigns.migrations.0022_limites").keep_countries(apps, editor)
        found = dict(LimitesTienda.objects.values_list("pk", "paises"))
        assert found == ({owner.pk: kept} if kept else {})


class TestCaps:
    """`tienda` pays 0.5 a message by the installation's price."""

    @pytest.mark.parametrize(
        ("limites", "propios", "sent", "codigo"),
        [
            ({}, {}, 6, None),
            ({"mensajes_diarios": 4}, {}, 4, "limite_mensajes"),
            ({"dinero_diario": Decimal("1.7")}, {}, 3, "limite_diario"),
            ({"dinero_mensual": Decimal("2")}, {}, 4, "limite_mensual"),
            # the lower of both counts
            ({"dinero_diario": Decimal(1)}, {"tope_diario": Decimal(2)}, 2, "limite_diario"),
            ({"dinero_diario": Decimal(2)}, {"tope_diario": Decimal(1)}, 2, "tope_diario"),
            ({"mensajes_diarios": 3}, {"tope_mensual": Decimal(1)}, 2, "tope_mensual"),
            ({"mensajes_diarios": 1, "dinero_mensual": Decimal(2)}, {}, 1, "limite_mensajes"),
            # a shop's own price, or none, lifts nothing
            ({"dinero_diario": Decimal(1)}, {"precio_segmento": Decimal(0)}, 2, "limite_diario"),
            ({"dinero_diario": Decimal(1)}, {"precios": {"CO": Decimal("0.0001")}}, 2, "limite_diario"),
            # but a dearer one counts
            ({"dinero_diario": Decimal(2)}, {"precio_segmento": Decimal(1)}, 2, "limite_diario"),
            ({"mensajes_diarios": 0}, {}, 0, "limite_mensajes"),
        ],
    )
    def test_the_preview_warns_of_what_the_engine_keeps(
        self, tienda: Usuario, limites: dict[str, Any], propios: dict[str, Any], sent: int, codigo: str | None
    ) -> None:
        cambiar_limites(tienda=tienda, cambios=limites)
        cambiar_ajustes(usuario=tienda, cambios=propios)
        clientes = [client(tienda) for _ in range(6)]
        warned = {aviso.codigo for aviso in avisos_de(preview(tienda, *clientes))} & set(DE_TOPE)
        found = opened(tienda, *clientes)
        send(found)
        assert SMSLog.objects.filter(estado="enviado").count() == sent == taken(tienda)[2]
        assert found.estado == ("completado" if codigo is None else "pausado")
        assert bool(warned) == (codigo is not None)
        if codigo is not None:
            assert codigo in warned
            assert found.motivo.startswith(cupos.MOTIVOS[codigo].split("{")[0])

    def test_by_chance(self, tienda: Usuario) -> None:
        """No cap is passed, whatever the ceilings and the countries. The preview warns if and only if one stops the
        campaign, and both keep the same people out."""
        chance = random.Random(7)
        clientes = [client(tienda, chance.choice(list(TELEFONOS.values()))[:-2] + f"{n:02}") for n in range(30)]
        for _ in range(12):
            Gasto.objects.all().delete()
            CampanaSMS.objects.update(estado="cancelado")
            money = [None, *(Decimal(chance.randrange(20)) for _ in range(2))]
            cambios = {name: chance.choice(money) for name in ("dinero_diario", "dinero_mensual")}
            cambiar_limites(
                tienda=tienda,
                cambios={
                    **cambios,
                    "mensajes_diarios": chance.choice([None, chance.randrange(30)]),
                    "paises": chance.choice([["*"], ["CO"], ["CO", "US", "KZ"], ["DO", "PE"]]),
                },
            )
            Ajustes.objects.update(
                tope_diario=chance.choice(money), precio_segmento=chance.choice([None, Decimal(0), Decimal("0.7")])
            )
            chosen = chance.sample(clientes, 20)
            seen = preview(tienda, *chosen, mensaje="Hola {nombre}")
            warned = {aviso.codigo for aviso in avisos_de(seen)} & set(DE_TOPE)
            found = opened(tienda, *chosen, mensaje="Hola {nombre}")
            send(found)
            ajustes = ajustes_de(tienda.pk)
            monto, operador, mensajes = taken(tienda)
            counts: dict[str, Any] = {"monto": monto, "operador": operador, "mensajes": mensajes}
            for tope in TOPES:
                cuanto = tope.de(ajustes)
                assert cuanto is None or counts[tope.medida] <= cuanto, tope.codigo
            assert bool(warned) == (found.estado == "pausado"), (warned, found.motivo)
            excluded = Counter(code for code in codes(found) if code)
            if not warned:
                assert (excluded, mensajes) == (seen.costo.excluidos, seen.costo.destinatarios)

    @pytest.mark.parametrize("limite", ["mensajes_diarios", "dinero_diario"])
    def test_it_goes_on_the_next_day(self, tienda: Usuario, limite: str) -> None:
        cambiar_limites(tienda=tienda, cambios={limite: 1})
        clientes = [client(tienda) for _ in range(3)]
        zona = ajustes_de(tienda.pk).zona
        found = opened(tienda, *clientes)
        send(found)
        assert (found.estado, found.reanuda_en) == ("pausado", fin_del_dia(zona, timezone.now()))
        # A campaign that is still to begin says so too.
        porque = por_que_espera(created(tienda, *clientes))
        assert porque is not None
        assert porque.hasta == fin_del_dia(zona, timezone.now())
        first = SMSLog.objects.filter(campana=found, estado="enviado").count()
        CampanaSMS.objects.update(reanuda_en=Now() - timedelta(minutes=1))
        Gasto.objects.update(dia=timezone.now().date() - timedelta(days=2))
        campanas.advance(found.pk)
        send(found)
        assert SMSLog.objects.filter(campana=found, estado="enviado").count() == min(2 * first, 3)

    def test_a_lote_that_stays_open_overnight_takes_of_the_next_day_what_it_has_left(
        self, tienda: Usuario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = opened(tienda, *(client(tienda) for _ in range(3)))
        ids = list(SMSLog.objects.filter(campana=found).order_by("pk").values_list("pk", flat=True))
        for claim in ledger.claim_many({ids[0]: None}).values():
            ledger.record_many([(claim, Accepted("SM1", "queued", 1))])
        tomorrow = timezone.now() + timedelta(days=1)
        monkeypatch.setattr(database, "now", lambda: tomorrow)
        cupos.renew(found)
        rows = Gasto.objects.order_by("dia").values_list("operador", "mensajes")
        assert list(rows) == [(Decimal("0.5"), 1), (Decimal(1), 2)]

    def test_what_was_not_sent_is_given_back(self, tienda: Usuario) -> None:
        send(opened(tienda, client(tienda), client(tienda)), ok=False)
        assert taken(tienda) == (Decimal(0), Decimal(0), 0)

    def test_money_without_the_installations_price_sends_nothing(self, tienda: Usuario, settings: Any) -> None:
        """The price that is left is the shop's to choose."""
        cambiar_limites(tienda=tienda, cambios={"dinero_diario": Decimal(100)})
        cambiar_ajustes(usuario=tienda, cambios={"precio_segmento": Decimal("0.01")})
        settings.SMS_SEGMENT_PRICE = None
        cliente = client(tienda)
        assert "limite_sin_precio" in {aviso.codigo for aviso in avisos_de(preview(tienda, cliente))}
        found = opened(tienda, cliente)
        assert (found.estado, SMSLog.objects.count()) == ("pausado", 0)

    @pytest.mark.parametrize(
        ("limites", "propios", "waits"),
        [
            ({"aprobacion_destinatarios": 2}, {}, True),
            ({"aprobacion_destinatarios": 2}, {"aprobacion_destinatarios": 10**6}, True),
            ({"aprobacion_destinatarios": 10**6}, {"aprobacion_destinatarios": 2}, True),
            ({"aprobacion_destinatarios": 3}, {}, False),
            ({"aprobacion_costo": Decimal(1)}, {"precio_segmento": Decimal(0)}, True),
            ({"aprobacion_costo": Decimal("1.5")}, {"precio_segmento": Decimal(0)}, False),
        ],
    )
    def test_approvals(self, tienda: Usuario, limites: dict[str, Any], propios: dict[str, Any], waits: bool) -> None:
        cambiar_limites(tienda=tienda, cambios=limites)
        cambiar_ajustes(usuario=tienda, cambios=propios, motivo="Más grandes")
        clientes = [client(tienda) for _ in range(3)]
        assert bool(preview(tienda, *clientes).aprobacion) is waits
        assert created(tienda, *clientes).por_aprobar is waits

    def test_a_change_is_in_the_security_log_of_the_shop(self, tienda: Usuario) -> None:
        cambiar_limites(tienda=tienda, cambios={"mensajes_diarios": 5, "paises": ["PE", "CO"], "remitentes": None})
        row = Registro.objects.get(tipo=Registro.Tipo.LIMITES)
        assert (row.tienda_id, row.detalle) == (
            tienda.pk,
            "mensajes_diarios: los de todas → 5; paises: los de todas → CO, PE",
        )
        cambiar_limites(tienda=tienda, cambios={"mensajes_diarios": 5})
        assert Registro.objects.filter(tipo=Registro.Tipo.LIMITES).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_campaigns_do_not_take_the_same_messages(tienda: Usuario) -> None:
    cambiar_limites(tienda=tienda, cambios={"mensajes_diarios": 20, "dinero_diario": Decimal(9)})
    found = [created(tienda, *(client(tienda) for _ in range(15))) for _ in range(2)]
    start = Barrier(2)

    def run(step: Callable[[], object]) -> None:
        try:
            start.wait()
            step()
        finally:
            connection.close()

    threads = [Thread(target=run, args=[lambda pk=each.pk: campanas.advance(pk)]) for each in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SMSLog.objects.filter(estado="pendiente").count() == 18 == taken(tienda)[2]
