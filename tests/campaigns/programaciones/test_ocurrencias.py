"""What becomes of an occurrence: a campaign, once, or the reason why there is none."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from campaigns.audiencia import seleccion
from campaigns.audiencia.seleccion import Audiencia, Seleccion
from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.programaciones import ocurrencias, services
from clientes.models import Cliente, Etiqueta, Segmento
from core.models import Usuario
from tests.factories import (
    ClienteFactory,
    EtiquetaFactory,
    PlantillaFactory,
    RemitenteFactory,
    SegmentoFactory,
    una_programacion,
)

EVE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # 10:00 in Bogotá: the day's occurrence has passed
DUE = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # 9:00
S, M, H, D = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
UNA_HORA = ocurrencias.TARDE.format(gracia="1\N{NO-BREAK SPACE}h")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana")


@pytest.fixture
def diaria(clock: time_machine.Traveller, owner: Usuario, ana: Cliente) -> Programacion:
    return una_programacion(owner)


def history() -> list[tuple[datetime, str, str]]:
    rows = Ocurrencia.objects.order_by("ocurrencia_utc")
    return list(rows.values_list("ocurrencia_utc", "estado", "motivo"))


def proxima(programacion: Programacion) -> datetime | None:
    programacion.refresh_from_db()
    return programacion.proxima


def test_it_makes_one_campaign_when_its_time_comes(
    diaria: Programacion, clock: time_machine.Traveller, ana: Cliente
) -> None:
    assert proxima(diaria) == DUE
    clock.move_to(DUE - S)
    assert ocurrencias.atender_vencidas() == 0
    clock.move_to(DUE)
    assert ocurrencias.atender_vencidas() == 1
    assert ocurrencias.atender_vencidas() == ocurrencias.atender(diaria.pk) == 0
    campana = CampanaSMS.objects.get()
    assert (campana.nombre, campana.mensaje, campana.estado) == (
        "Aniversario · 2026-11-25 09:00",
        "Hola {nombre}!",
        "pendiente",
    )
    assert campana.lotes.get().cliente_ids == [ana.pk]
    assert history() == [(DUE, "creada", "")]
    assert campana.ocurrencia.programacion == diaria
    assert proxima(diaria) == DUE + D


def test_the_log_of_its_campaign_says_where_it_comes_from(
    diaria: Programacion, clock: time_machine.Traveller, ana: Cliente
) -> None:
    clock.move_to(DUE)
    ocurrencias.atender_vencidas()
    made = CampanaSMS.objects.get().sucesos.get(tipo="creada")
    assert (made.detalle, made.usuario, made.via) == ("Por la programación «Aniversario».", None, "")


def test_its_name_has_the_hour_of_its_zone(clock: time_machine.Traveller, owner: Usuario, ana: Cliente) -> None:
    una_programacion(owner, zona="Europe/Madrid", nombre="x" * 150)
    clock.move_to(DUE - 6 * H)
    ocurrencias.atender_vencidas()
    assert CampanaSMS.objects.get().nombre == "x" * 150 + " · 2026-11-25 09:00"


class TestAnew:
    """Audience and text are those of the moment, not those of the day on which the programación was made."""

    def recipients(self, programacion: Programacion) -> list[int]:
        assert ocurrencias.atender(programacion.pk) == 1
        return [pk for lote in CampanaSMS.objects.latest("pk").lotes.all() for pk in lote.cliente_ids]

    def test_everybody_who_is_active(self, diaria: Programacion, clock: time_machine.Traveller, ana: Cliente) -> None:
        luis = ClienteFactory.create(usuario=ana.usuario)
        clock.move_to(DUE)
        assert self.recipients(diaria) == [ana.pk, luis.pk]
        Cliente.objects.filter(pk=ana.pk).update(activo=False)
        clock.move_to(DUE + D)
        assert self.recipients(diaria) == [luis.pk]

    def test_tags_segments_and_exclusions(self, clock: time_machine.Traveller, owner: Usuario, ana: Cliente) -> None:
        vip, baja = EtiquetaFactory.create_batch(2, usuario=owner)
        compradores = SegmentoFactory.create(usuario=owner, condiciones={"etiquetas": [baja.pk]})
        chosen = Audiencia(Seleccion(etiquetas=(vip.pk,)), Seleccion(segmento=compradores.pk))
        programacion = una_programacion(owner, audiencia=chosen)
        luis = ClienteFactory.create(usuario=owner)
        vip.clientes.add(ana, luis)
        clock.move_to(DUE)
        assert self.recipients(programacion) == [ana.pk, luis.pk]
        baja.clientes.add(ana)
        clock.move_to(DUE + D)
        assert self.recipients(programacion) == [luis.pk]

    def test_a_client_that_was_deleted_is_nobody(
        self, clock: time_machine.Traveller, owner: Usuario, ana: Cliente
    ) -> None:
        luis, eva = ClienteFactory.create_batch(2, usuario=owner)
        chosen = Audiencia(Seleccion(cliente_ids=(luis.pk, ana.pk)), Seleccion(cliente_ids=(eva.pk,)))
        programacion = una_programacion(owner, audiencia=chosen)
        luis.delete()
        eva.delete()
        clock.move_to(DUE)
        assert self.recipients(programacion) == [ana.pk]

    def test_the_templates_text(self, clock: time_machine.Traveller, owner: Usuario, ana: Cliente) -> None:
        plantilla = PlantillaFactory.create(usuario=owner, mensaje="Antes")
        programacion = una_programacion(owner, plantilla=plantilla)
        plantilla.mensaje = "Ahora, {nombre}"
        plantilla.save()
        clock.move_to(DUE)
        self.recipients(programacion)
        campana = CampanaSMS.objects.get()
        assert (campana.mensaje, campana.plantilla) == ("Ahora, {nombre}", plantilla)


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (timedelta(), [(DUE, "creada", "")]),
        (H, [(DUE, "creada", "")]),
        (H + S, [(DUE, "omitida", UNA_HORA)]),
        (D, [(DUE, "omitida", UNA_HORA), (DUE + D, "creada", "")]),
        (D + H + S, [(DUE, "omitida", UNA_HORA), (DUE + D, "omitida", UNA_HORA)]),
    ],
)
def test_a_late_one_is_made_within_its_grace_or_skipped_with_the_reason(
    diaria: Programacion, clock: time_machine.Traveller, late: timedelta, expected: list[Any]
) -> None:
    clock.move_to(DUE + late)
    ocurrencias.atender_vencidas()
    assert history() == expected
    assert CampanaSMS.objects.count() == sum(estado == "creada" for _, estado, _ in expected)
    following = proxima(diaria)
    assert following is not None
    assert DUE + late < following <= DUE + late + D


def test_of_several_that_are_due_at_once_only_the_last_is_made(
    clock: time_machine.Traveller, owner: Usuario, ana: Cliente
) -> None:
    una_programacion(owner, frecuencia="cron", cron="0 * * * *", gracia_minutos=240)
    clock.move_to(EVE + 6 * H)
    ocurrencias.atender_vencidas()
    late, superada = ocurrencias.TARDE.format(gracia="4\N{NO-BREAK SPACE}h"), ocurrencias.SUPERADA
    assert [row[1:] for row in history()] == [("omitida", late), *[("omitida", superada)] * 4, ("creada", "")]


def test_a_year_without_anybody_to_look_is_recorded_whole(
    clock: time_machine.Traveller, owner: Usuario, ana: Cliente, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    programacion = una_programacion(owner, frecuencia="cron", cron="0 * * * *")
    clock.move_to(EVE + 365 * D)
    with django_assert_max_num_queries(40):
        assert ocurrencias.atender(programacion.pk) == 365 * 24
    assert (Ocurrencia.objects.count(), CampanaSMS.objects.count()) == (365 * 24, 1)


class TestNoCampaign:
    @pytest.fixture(autouse=True)
    def _due(self, diaria: Programacion, clock: time_machine.Traveller) -> None:
        clock.move_to(DUE)

    def only(self) -> tuple[str, str]:
        ocurrencias.atender_vencidas()
        assert not CampanaSMS.objects.exists()
        [(moment, estado, motivo)] = history()
        assert moment == DUE
        return estado, motivo

    def test_nobody_is_there(self, ana: Cliente) -> None:
        ana.delete()
        assert self.only() == ("omitida", ocurrencias.NADIE)

    def test_nobody_is_left_of_those_it_names(self, diaria: Programacion, ana: Cliente) -> None:
        Programacion.objects.update(audiencia={"cliente_ids": [ana.pk]})
        ana.delete()
        assert self.only() == ("omitida", ocurrencias.NADIE)

    def test_the_admin_is_disabled(self, owner: Usuario) -> None:
        owner.is_active = False
        owner.save()
        assert self.only() == ("omitida", ocurrencias.CUENTA_INACTIVA)

    def test_the_template_is_inactive(self, owner: Usuario) -> None:
        plantilla = PlantillaFactory.create(usuario=owner, nombre="Promo", activo=False)
        Programacion.objects.update(plantilla=plantilla, mensaje="")
        assert self.only() == ("fallida", ocurrencias.PLANTILLA_INACTIVA.format(plantilla="Promo"))

    def test_the_sender_is_inactive(self, owner: Usuario) -> None:
        remitente = RemitenteFactory.create(usuario=owner, nombre="Ventas", activo=False)
        Programacion.objects.update(remitente=remitente)
        assert self.only() == ("fallida", ocurrencias.REMITENTE_INACTIVO.format(remitente="Ventas"))

    @pytest.mark.parametrize("where", ["etiquetas", "excluir"])
    def test_a_tag_is_gone(self, where: str, owner: Usuario) -> None:
        """Left out of the criteria it would mean everybody."""
        gone = EtiquetaFactory.create(usuario=owner)
        criteria = {"etiquetas": [gone.pk]}
        Programacion.objects.update(
            audiencia=criteria if where == "etiquetas" else {"todos": True, "excluir": criteria}
        )
        pk = gone.pk
        Etiqueta.objects.all().delete()
        assert self.only() == ("fallida", seleccion.NO_EXISTE_ETIQUETA.format(ids=pk))

    def test_a_segment_is_gone(self, owner: Usuario) -> None:
        gone = SegmentoFactory.create(usuario=owner)
        Programacion.objects.update(audiencia={"todos": True, "excluir": {"segmento": gone.pk}})
        pk = gone.pk
        Segmento.objects.all().delete()
        assert self.only() == ("fallida", seleccion.NO_EXISTE_SEGMENTO.format(ids=pk))

    def test_a_name_became_too_long_for_the_text(self, ana: Cliente) -> None:
        Programacion.objects.update(mensaje="{nombre}" + "x" * 1_590)
        Cliente.objects.filter(pk=ana.pk).update(nombre="x" * 150)
        estado, motivo = self.only()
        assert estado == "fallida"
        assert "1740 caracteres" in motivo

    def test_it_goes_on_the_next_day(self, diaria: Programacion, clock: time_machine.Traveller, ana: Cliente) -> None:
        Cliente.objects.update(activo=False)
        assert self.only() == ("omitida", ocurrencias.NADIE)
        Cliente.objects.update(activo=True)
        clock.move_to(DUE + D)
        ocurrencias.atender_vencidas()
        assert [row[1] for row in history()] == ["omitida", "creada"]


def test_a_paused_one_does_not_occur(diaria: Programacion, clock: time_machine.Traveller) -> None:
    services.pausar_programacion(programacion=diaria)
    clock.move_to(DUE + H)
    assert ocurrencias.atender_vencidas() == ocurrencias.atender(diaria.pk) == 0
    assert history() == []


def test_the_last_one_ends_it(clock: time_machine.Traveller, owner: Usuario, ana: Cliente) -> None:
    programacion = una_programacion(owner, hasta=date(2026, 11, 25))
    clock.move_to(DUE)
    ocurrencias.atender_vencidas()
    assert history() == [(DUE, "creada", "")]
    assert proxima(programacion) is None
    clock.move_to(DUE + 30 * D)
    assert ocurrencias.atender_vencidas() == 0


def test_one_in_trouble_keeps_nobody_from_the_others(
    diaria: Programacion, clock: time_machine.Traveller, owner: Usuario, caplog: pytest.LogCaptureFixture
) -> None:
    other = una_programacion(owner, nombre="Otra", hora=time(9, 1))
    Programacion.objects.filter(pk=diaria.pk).update(audiencia=[1])
    clock.move_to(DUE + M)
    assert ocurrencias.atender_vencidas() == 1
    assert Ocurrencia.objects.get().programacion == other
    assert f"programación {diaria.pk}" in caplog.text


def test_a_scan_that_takes_long_leaves_the_rest_to_the_next(
    diaria: Programacion, clock: time_machine.Traveller, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that stalls costs a second for each campaign, and the sweep has more to do."""
    una_programacion(owner, nombre="Otra")
    monkeypatch.setattr(ocurrencias, "TURN_S", -1.0)
    clock.move_to(DUE)
    assert ocurrencias.atender_vencidas() == 0
    monkeypatch.undo()
    assert ocurrencias.atender_vencidas() == 2


@pytest.mark.django_db(transaction=True)
class TestOnce:
    """One campaign for one occurrence, whoever comes, however often, and wherever they die."""

    @pytest.fixture(autouse=True)
    def _due(self, diaria: Programacion, clock: time_machine.Traveller) -> None:
        clock.move_to(DUE)

    def test_many_at_the_same_moment(self, diaria: Programacion) -> None:
        barrier = threading.Barrier(8)
        done: list[int] = []

        def look() -> None:
            barrier.wait()
            done.append(ocurrencias.atender(diaria.pk))
            connection.close()

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(done) == 1
        assert len(done) == 8
        assert history() == [(DUE, "creada", "")]
        assert CampanaSMS.objects.count() == 1

    @pytest.mark.parametrize("step", ["crear_campana", "row", "proxima"])
    def test_killed_in_between_it_did_nothing(
        self, step: str, diaria: Programacion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            pass

        def die(*args: Any, **kwargs: Any) -> Any:
            raise Killed

        with monkeypatch.context() as patched:
            if step == "crear_campana":
                patched.setattr("campaigns.campana.services._freeze", die)
            else:
                patched.setattr(Ocurrencia if step == "row" else Programacion, "save", die)
            with pytest.raises(Killed):
                ocurrencias.atender_vencidas()
        assert (history(), CampanaSMS.objects.count(), proxima(diaria)) == ([], 0, DUE)
        assert ocurrencias.atender_vencidas() == 1
        assert (history(), CampanaSMS.objects.count()) == ([(DUE, "creada", "")], 1)

    def test_the_row_decides_when_the_lock_and_the_cursor_do_not(
        self, diaria: Programacion, clock: time_machine.Traveller
    ) -> None:
        """A restored backup, a clock that went back, a hand in the database."""
        ocurrencias.atender_vencidas()
        Programacion.objects.update(proxima=DUE)
        assert ocurrencias.atender_vencidas() == 1
        assert proxima(diaria) == DUE + D
        assert (history(), CampanaSMS.objects.count()) == ([(DUE, "creada", "")], 1)

        @transaction.atomic
        def again() -> None:
            campana, _ = ocurrencias.crear_una(diaria, momento=DUE)
            Ocurrencia.objects.create(programacion=diaria, ocurrencia_utc=DUE, estado="creada", campana=campana)

        with pytest.raises(IntegrityError, match="ocurrencia_unica"):
            again()
        assert CampanaSMS.objects.count() == 1

    def test_without_redis_the_campaign_is_there_all_the_same(
        self, diaria: Programacion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
        assert ocurrencias.atender_vencidas() == 1
        assert history() == [(DUE, "creada", "")]
        assert "was not announced" in caplog.text
