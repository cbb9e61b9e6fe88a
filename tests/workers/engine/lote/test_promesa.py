"""The review keeps its word: what the preview says of a campaign is what the engine does with it.

Worlds are random: shops with their hours, holidays and zones, caps of the shop and of the operator, what was sent
before, and campaigns for now and for another day. Each is previewed, created and sent by the engine on one clock.
"""

import logging
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from campaigns.audiencia.seleccion import Audiencia, congelar
from campaigns.campana import services
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, CampanaSMS, Contacto, Gasto, LimitesTienda, Lote, SMSLog
from campaigns.values import codigos, ventanas
from campaigns.values.horario import dia_de
from campaigns.vista_previa.calculo import VistaPrevia, calcular_vista_previa
from campaigns.vista_previa.costo import Costo, calcular
from campaigns.vista_previa.reparto import Reparto, repartir
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.models import Cliente, Fuente
from clientes.rne.services import importar_lista
from core.models import Usuario
from tests import clock, shared
from tests.factories import EACH_ITS_SID, AdminFactory, ClienteFactory
from workers.engine.campaign import campana as campanas
from workers.engine.campaign import envio, pausas, plazo
from workers.engine.lote import closing, publishing

# The campaign of what was sent before: nobody looks for its row.
OTHER: Final = 1_000_000
WORLDS: Final = 500
PARTS: Final = 5
ZONAS: Final = ("America/Bogota", "America/Santiago", "America/Caracas", "Europe/Madrid", "Pacific/Kiritimati")
NOMBRES: Final = ("Ana", "José Núñez", "Bob \U0001f600", "Ñ" * 30, "Wilhelmina van der Berg")
TEXTOS: Final = ("Hola", "Hola {nombre} " + "x" * 140, "Promoción {nombre} " + "y" * 50)


@pytest.fixture(scope="module")
def tienda(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Usuario]:
    """A shop of which every world takes some clients: some share a phone, have none, or are kept out."""
    with shared.rows(django_db_blocker):
        with django_db_blocker.unblock():
            owner = AdminFactory.create(username="promesa")
            telefonos = [f"300111{n:04}" for n in range(10)] + ["3001110000", "3001110001", "", "12", "+14155552671"]
            for n, telefono in enumerate(telefonos):
                given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)} if n % 3 else {}
                ClienteFactory.create(usuario=owner, nombre=NOMBRES[n % 5], telefono=telefono, **given)
            ClienteFactory.create(usuario=owner, activo=False)
            dar_de_baja(telefono="+573001110004", tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
            importar_lista(usuario=owner, telefonos=["+573001110005"], consultado_en=date(2026, 3, 25), reemplaza=False)
        yield owner


@pytest.fixture(autouse=True)
def _publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)


def franja(chance: random.Random) -> dict[str, str] | None:
    if chance.random() < 0.3:
        return None
    abre = chance.choice([0, 7, 8, 9, 15])
    return {"abre": f"{abre:02}:00", "cierra": f"{chance.choice([abre + 1, 19, 24]):02}:00"}


def settle(chance: random.Random, tienda: Usuario, now: datetime) -> Ajustes:
    """Give the shop settings, ceilings and a history."""
    money = [None, None, *(Decimal(chance.randrange(1, 30)) / 10 for _ in range(3))]
    Ajustes.objects.filter(usuario=tienda).update(
        ventanas_activas=chance.random() < 0.7,
        ventanas={dia: franja(chance) for dia in ventanas.DIAS},
        zona_horaria=chance.choice(ZONAS),
        festivos_pais=chance.choice(["CO", "ES", ""]),
        dias_cerrados=[now.date() + timedelta(days=chance.randrange(4)) for _ in range(chance.randrange(3))],
        plazo_h=chance.choice([1, 10, 48, 72, 72]),
        frecuencia_activa=chance.random() < 0.6,
        frecuencia_maxima=chance.choice([1, 1, 2]),
        rne_activo=chance.random() < 0.5,
        rne_exigir_consulta=chance.random() < 0.08,
        rne_vigencia_dias=chance.choice([7, 100]),
        exigir_consentimiento=chance.random() < 0.2,
        precio_segmento=chance.choice([Decimal("0.1"), Decimal("0.25"), Decimal(0)]),
        precios=chance.choice([{}, {"US": "0.7"}]),
        tope_diario=chance.choice(money),
        tope_mensual=chance.choice(money),
    )
    LimitesTienda.objects.create(
        ajustes_id=tienda.pk,
        dinero_diario=chance.choice([None, None, None, *money]),
        dinero_mensual=chance.choice([None, None, None, *money]),
        mensajes_diarios=chance.choice([None, None, None, 0, 1, 2, 4, 5]),
        paises=chance.choice([["*"], ["CO"]]),
    )
    ajustes = ajustes_de(tienda.pk)
    hoy = dia_de(ajustes.zona, now)
    Contacto.objects.bulk_create(
        Contacto(usuario=tienda, dia=hoy, telefono=f"+57300111{n:04}", n=k, campana_id=OTHER)
        for n in range(10)
        if chance.random() < 0.3
        for k in range(1, chance.choice([2, 2, 3]))
    )
    Gasto.objects.bulk_create(
        Gasto(usuario=tienda, dia=dia, monto=monto, operador=monto, mensajes=int(monto * 4))
        for dia in {hoy, hoy - timedelta(days=3)}
        if (monto := Decimal(chance.randrange(6)) / 10)
    )
    return ajustes


class World:
    """A shop on a day, and what a person asks of it."""

    def __init__(self, seed: int, tienda: Usuario, settings: Any) -> None:
        chance = random.Random(seed)
        settings.LOTE_SIZE = chance.choice([2, 500, 500, 500])
        settings.SMS_SEGMENT_PRICE = Decimal("0.2")
        # Some at the turn of a month or of a year.
        first = chance.choice([datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)])
        self.now = first + timedelta(minutes=chance.randrange(7 * 24 * 60))
        self.tienda = tienda
        self.chance = chance
        self.en = None
        if chance.random() < 0.5:
            self.en = (self.now + timedelta(minutes=chance.randrange(1, 5 * 24 * 60))).replace(second=0)
        clientes = list(Cliente.objects.filter(usuario=tienda).order_by("pk").values_list("pk", flat=True))
        self.ids = chance.sample(clientes, chance.randrange(1, 6))
        self.audiencia = Audiencia.de_ids(self.ids)
        self.mensaje = chance.choice(TEXTOS)
        self.clase = chance.choice(["promocional"] * 4 + ["transaccional"])

    def preview(self) -> VistaPrevia:
        return calcular_vista_previa(
            usuario=self.tienda,
            mensaje=self.mensaje,
            audiencia=self.audiencia,
            clase=self.clase,
            programada_para=self.en,
        )

    def create(self) -> CampanaSMS:
        nueva = services.NuevaCampana(
            mensaje=self.mensaje,
            audiencia=self.audiencia,
            clase=self.clase,
            clase_motivo="" if self.clase == "promocional" else "Prueba",
            programada_para=self.en,
        )
        return services.crear_campana(usuario=self.tienda, nueva=nueva)[0]

    def directly(self, ajustes: Ajustes) -> CampanaSMS:
        """Create it as it is once it has started, without what a person's request costs."""
        start = self.en or self.now
        found = CampanaSMS.objects.create(
            usuario=self.tienda,
            nombre="Promesa",
            mensaje=self.mensaje,
            clase=self.clase,
            clase_motivo="" if self.clase == "promocional" else "Prueba",
            total_clientes=len(self.ids),
            estado="procesando",
            programada_para=self.en,
            iniciado_en=start,
            vence_en=start + timedelta(hours=ajustes.plazo_h),
        )
        congelar(self.audiencia, campana=found)
        return found


def deliver(campana: CampanaSMS) -> int:
    """Let the waiting rows be sent, and their Lotes close; return how many rows that were."""
    lotes = list(Lote.objects.filter(campana=campana, estado="abierto").values_list("pk", flat=True))
    waiting = SMSLog.objects.filter(lote__in=lotes, estado="pendiente") if lotes else SMSLog.objects.none()
    sent = waiting.update(estado="enviado", twilio_sid=EACH_ITS_SID)
    for pk in lotes:
        closing.close(pk)
    return sent


Left = list[tuple[datetime, int]]


def send_all(campana: CampanaSMS, set_to: Any, now: datetime) -> Left:
    """Let the engine send what it may until the deadline; return when messages left, and how many."""
    left: Left = []
    at: datetime | None = campana.programada_para or now
    vence = campana.vence_en
    while at is not None and vence is not None and at < vence:
        set_to(at)
        if campana.reanuda_en is not None:
            pausas.resume_if_due(campana.pk)
        sent = 0
        some, waits = True, True
        while some and waits:
            envio.send(campana.pk, publish=False)
            lotes = Lote.objects.filter(campana=campana, estado__in=["pendiente", "abierto"])
            estados = set(lotes.values_list("estado", flat=True))
            some, waits = "abierto" in estados, "pendiente" in estados
            sent += deliver(campana) if some else 0
        if sent:
            left.append((at, sent))
        if not waits:
            break
        campana.refresh_from_db(fields=["estado", "espera_hasta", "reanuda_en"])
        following = [campana.espera_hasta, campana.reanuda_en]
        at = min((moment for moment in following if moment is not None and moment > at), default=None)
    return left


def run(campana: CampanaSMS, set_to: Any, now: datetime) -> Left:
    """Let the engine do whatever is next, until the campaign is over."""
    left: Left = []
    at = campana.programada_para or now
    while campana.completado_en is None:
        set_to(at)
        sent = 0
        campanas.advance(campana.pk)
        while n := deliver(campana):
            sent += n
            campanas.advance(campana.pk)
        if sent:
            left.append((at, sent))
        campana.refresh_from_db()
        following = [campana.espera_hasta, campana.reanuda_en, campana.vence_en]
        ahead = [moment for moment in following if moment is not None and moment > at]
        at = min(ahead, default=at + timedelta(seconds=plazo.grace_s() + 1))
    return left


def compare(seed: int, campana: CampanaSMS, left: Left, reparto: Reparto, costo: Costo, ajustes: Ajustes) -> set[str]:
    """Assert that the promise was kept; return what was remarkable about this world."""
    rows = list(SMSLog.objects.filter(campana=campana).values_list("estado", "codigo", "costo"))
    told = Counter(codigo for estado, codigo, _ in rows if estado == "fallido")
    waits = len(rows) and sum(Lote.objects.filter(campana=campana, estado="pendiente").values_list("total", flat=True))
    expired = told.pop(codigos.PLAZO_VENCIDO, 0) + (waits if rows else campana.total_clientes)
    costs = [costo or 0 for estado, _, costo in rows if estado == "enviado"]
    assert [(salida.desde, salida.cantidad) for salida in reparto.salidas] == left, seed
    assert reparto.saldra_en == (left[0][0] if left else None), seed
    assert (costo.excluidos, reparto.no_salen) == (told, expired), seed
    assert (costo.destinatarios, costo.precio(ajustes)) == (len(costs), sum(costs)), seed
    assert campana.total_clientes == len(costs) + sum(told.values()) + expired, seed
    seen = {
        "days": len(left) > 1,
        "expired": bool(expired and left),
        "excluded": codigos.FRECUENCIA in told,
        "nobody": not left,
        "later": bool(campana.programada_para and left and left[0][0] > campana.programada_para),
    }
    return {name for name, there in seen.items() if there}


@pytest.fixture
def _quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("part", range(PARTS))
def test_what_the_review_said_is_what_the_engine_did(part: int, tienda: Usuario, db: None, settings: Any) -> None:
    seen: Counter[str] = Counter()
    with clock.standing_still() as set_to:
        for seed in range(part, WORLDS, PARTS):
            with transaction.atomic():
                world = World(seed, tienda, settings)
                set_to(world.now)
                ajustes = settle(world.chance, tienda, world.now)
                reparto = repartir(
                    world.audiencia,
                    world.mensaje,
                    ajustes=ajustes,
                    a_toda_hora=world.clase != "promocional",
                    desde=world.en,
                )
                campana = world.directly(ajustes)
                left = send_all(campana, set_to, world.now)
                seen.update(compare(seed, campana, left, reparto, calcular(world.mensaje, reparto.grupos), ajustes))
                transaction.set_rollback(True)
    assert len(seen) == 5, seen


@pytest.mark.usefixtures("_quiet")
def test_so_it_is_from_the_request_to_the_end(tienda: Usuario, db: None, settings: Any) -> None:
    """Some of those worlds with all that a request and a worker do."""
    with clock.standing_still() as set_to:
        for seed in range(12):
            with transaction.atomic():
                world = World(seed, tienda, settings)
                set_to(world.now)
                ajustes = settle(world.chance, tienda, world.now)
                said = world.preview()
                campana = world.create()
                left = run(campana, set_to, world.now)
                compare(seed, campana, left, said.reparto, said.costo, ajustes)
                assert said.total == campana.enviados_exitosos + campana.enviados_fallidos
                transaction.set_rollback(True)
