"""/api/v1/programaciones/: create, read, change, delete; pause, resume, run now; history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django_celery_beat.models import PeriodicTask
from rest_framework.test import APIClient

from campaigns.api.campanas_serializers import DOS_MENSAJES, FALTA_MENSAJE
from campaigns.api.programaciones_serializers import NO_VA
from campaigns.mensaje import texto
from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.programaciones import beat, criterios, ocurrencias, services
from campaigns.values import recurrencia
from clientes.models import Cliente
from core.models import Usuario
from tests.core.api.support import error_of, row_counts
from tests.factories import (
    ClienteFactory,
    EtiquetaFactory,
    PlantillaFactory,
    RemitenteFactory,
    SegmentoFactory,
    una_programacion,
)

URL = "/api/v1/programaciones/"
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # Tuesday, 10:00 in Bogotá
DIARIA = {"nombre": "Saludo", "mensaje": "Hola {nombre}", "audiencia": {"todos": True}, "frecuencia": "diaria"}
DIARIA["hora"] = "09:00"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana")


def test_it_works(api: APIClient, owner: Usuario, ana: Cliente) -> None:
    response = api.post(URL, {**DIARIA, "frecuencia": "semanal", "dias": [4, 1]})
    assert response.status_code == 201, response.content
    programacion = Programacion.objects.get()
    assert response.json() == {
        "id": programacion.pk,
        "nombre": "Saludo",
        "mensaje": "Hola {nombre}",
        "plantilla": None,
        "remitente": None,
        "audiencia": {"todos": True},
        "frecuencia": "semanal",
        "hora": "09:00",
        "dias": [1, 4],
        "dia_mes": None,
        "cron": "",
        "zona": "America/Bogota",
        "desde": "2026-11-24",
        "hasta": None,
        "gracia_minutos": 60,
        "activa": True,
        "prueba": False,
        "descripcion": "Los lunes y jueves a las 9:00\N{NO-BREAK SPACE}a.\N{NO-BREAK SPACE}m.",
        "proximas": [f"2026-{day}T09:00:00-05:00" for day in ("11-26", "11-30", "12-03", "12-07", "12-10")],
        "saldran_en": [f"2026-{day}T09:00:00-05:00" for day in ("11-26", "11-30", "12-03", "12-07", "12-10")],
        "creado": "2026-11-24T10:00:00-05:00",
    }
    assert programacion.usuario == owner
    task = PeriodicTask.objects.get(name=beat.nombre(programacion))
    assert (task.task, task.args, task.enabled) == ("workers.atender_programacion", f"[{programacion.pk}]", True)
    assert str(task.crontab) == "0 9 * * 1,4 (m/h/dM/MY/d) America/Bogota"


def test_what_is_read_may_be_sent_back_whole(api: APIClient, owner: Usuario) -> None:
    tag, segmento = EtiquetaFactory.create(usuario=owner), SegmentoFactory.create(usuario=owner)
    cliente, plantilla = ClienteFactory.create(usuario=owner), PlantillaFactory.create(usuario=owner)
    remitente = RemitenteFactory.create(usuario=owner)
    audiencia = {"etiquetas": [tag.pk], "segmento": segmento.pk, "excluir": {"cliente_ids": [cliente.pk]}}
    body = {"nombre": "Mes", "plantilla": plantilla.pk, "audiencia": audiencia, "frecuencia": "mensual", "dia_mes": 31}
    body |= {"hora": "23:30", "zona": "Europe/Madrid", "desde": "2026-12-01", "hasta": "2027-02-28"}
    made = api.post(URL, {**body, "gracia_minutos": 5, "remitente": remitente.pk}).json()
    assert (made["audiencia"], made["remitente"]) == (audiencia, remitente.pk)
    assert made["proximas"] == [f"{day}T23:30:00+01:00" for day in ("2026-12-31", "2027-01-31", "2027-02-28")]
    path = f"{URL}{made['id']}/"
    assert api.get(path).json() == made
    assert api.put(path, made).json() == made
    assert api.patch(path, made).json() == made


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"nombre": "Otro"}, {"nombre": "Otro", "hora": "09:00"}),
        ({"hora": "10:30"}, {"hora": "10:30", "proximas": "2026-11-24T10:30:00-05:00"}),
        ({"hora": "10:30:00"}, {"hora": "10:30"}),
        ({"zona": "Europe/Madrid"}, {"proximas": "2026-11-25T09:00:00+01:00", "hora": "09:00"}),
        ({"frecuencia": "semanal", "dias": [7, 7]}, {"dias": [7], "proximas": "2026-11-29T09:00:00-05:00"}),
        ({"frecuencia": "mensual", "dia_mes": 1}, {"proximas": "2026-12-01T09:00:00-05:00"}),
        ({"frecuencia": "cron", "cron": "15 */6 * * *"}, {"hora": None, "proximas": "2026-11-24T12:15:00-05:00"}),
        ({"desde": "2027-01-01"}, {"proximas": "2027-01-01T09:00:00-05:00"}),
        ({"hasta": "2026-11-25"}, {"hasta": "2026-11-25"}),
        ({"mensaje": "Adiós"}, {"mensaje": "Adiós", "plantilla": None}),
        ({"gracia_minutos": 1440}, {"gracia_minutos": 1440}),
    ],
)
def test_it_changes_a_part(api: APIClient, owner: Usuario, change: dict[str, Any], expected: dict[str, Any]) -> None:
    made = api.post(URL, DIARIA).json()
    body = api.patch(f"{URL}{made['id']}/", change).json()
    body["proximas"] = body["proximas"][0]
    assert {name: body[name] for name in expected} == expected
    assert PeriodicTask.objects.filter(name__startswith="programacion-").count() == 1


def test_a_template_takes_the_place_of_the_text_and_back(api: APIClient, owner: Usuario) -> None:
    plantilla = PlantillaFactory.create(usuario=owner)
    path = f"{URL}{api.post(URL, DIARIA).json()['id']}/"
    body = api.patch(path, {"plantilla": plantilla.pk}).json()
    assert (body["mensaje"], body["plantilla"]) == ("", plantilla.pk)
    body = api.patch(path, {"mensaje": "Hola"}).json()
    assert (body["mensaje"], body["plantilla"]) == ("Hola", None)


def test_a_sender_is_kept_until_another_is_said(api: APIClient, owner: Usuario, ana: Cliente) -> None:
    remitente = RemitenteFactory.create(usuario=owner)
    path = f"{URL}{api.post(URL, {**DIARIA, 'remitente': remitente.pk}).json()['id']}/"
    assert api.patch(path, {"nombre": "Otro"}).json()["remitente"] == remitente.pk
    assert api.post(f"{path}ejecutar/").json()["campana"]["remitente"] == remitente.pk
    assert api.patch(path, {"remitente": None}).json()["remitente"] is None


def test_a_frequency_leaves_the_others_fields_behind(api: APIClient, owner: Usuario) -> None:
    path = f"{URL}{api.post(URL, {**DIARIA, 'frecuencia': 'semanal', 'dias': [1]}).json()['id']}/"
    assert api.patch(path, {"frecuencia": "diaria"}).json()["dias"] == []
    body = api.patch(path, {"frecuencia": "cron", "cron": "0 9 * * *"}).json()
    assert (body["hora"], body["cron"]) == (None, "0 9 * * *")
    assert error_of(api.patch(path, {"frecuencia": "diaria"}), 400)["attr"] == "hora"


@pytest.mark.parametrize(
    ("change", "attr", "said"),
    [
        ({"nombre": ""}, "nombre", None),
        ({"nombre": "x" * 151}, "nombre", None),
        ({"mensaje": ""}, "mensaje", FALTA_MENSAJE),
        ({"mensaje": "   "}, "mensaje", texto.VACIO),
        ({"mensaje": "Hola {apellido}"}, "mensaje", None),
        ({"mensaje": "x" * 1_601}, "mensaje", None),
        ({"audiencia": {}}, "audiencia.non_field_errors", None),
        ({"audiencia": {"todos": True, "etiquetas": [1]}}, "audiencia.etiquetas", None),
        ({"audiencia": {"cliente_ids": [2**53]}}, "audiencia", None),
        ({"audiencia": {"cliente_ids": list(range(1, 202))}}, "audiencia", criterios.DEMASIADOS),
        ({"audiencia": {"todos": True, "excluir": {"cliente_ids": list(range(1, 202))}}}, "audiencia", None),
        ({"frecuencia": "anual"}, "frecuencia", None),
        ({"hora": None}, "hora", recurrencia.FALTA_HORA),
        ({"hora": "9"}, "hora", None),
        ({"hora": "24:00"}, "hora", None),
        ({"hora": "09:00:30"}, "hora", recurrencia.CON_SEGUNDOS),
        ({"hora": "09:00+05:00"}, "hora", None),
        ({"dias": [1]}, "dias", NO_VA.format(campo="dias", frecuencia="diaria")),
        ({"dia_mes": 5}, "dia_mes", NO_VA.format(campo="dia_mes", frecuencia="diaria")),
        ({"cron": "0 9 * * *"}, "cron", NO_VA.format(campo="cron", frecuencia="diaria")),
        ({"frecuencia": "semanal"}, "dias", recurrencia.FALTAN_DIAS),
        ({"frecuencia": "semanal", "dias": []}, "dias", recurrencia.FALTAN_DIAS),
        ({"frecuencia": "semanal", "dias": [0]}, "dias.0", None),
        ({"frecuencia": "semanal", "dias": [1, "x"]}, "dias.1", None),
        ({"frecuencia": "semanal", "dias": "1"}, "dias", None),
        ({"frecuencia": "mensual"}, "dia_mes", recurrencia.DIA_MES),
        ({"frecuencia": "mensual", "dia_mes": 32}, "dia_mes", None),
        ({"frecuencia": "cron", "hora": None}, "cron", recurrencia.FALTA_CRON),
        ({"frecuencia": "cron", "cron": "0 9 * * *"}, "hora", NO_VA.format(campo="hora", frecuencia="cron")),
        ({"frecuencia": "cron", "hora": None, "cron": "* * * * *"}, "cron", recurrencia.CRON_MINUTO),
        ({"frecuencia": "cron", "hora": None, "cron": "0 0 */20 * 1L"}, "cron", recurrencia.NUNCA),
        ({"zona": "Bogotá"}, "zona", recurrencia.ZONA.format(zona="Bogotá")),
        ({"zona": "../UTC"}, "zona", recurrencia.ZONA.format(zona="../UTC")),
        ({"zona": "\0"}, "zona", None),
        ({"desde": "9999-12-31"}, "desde", recurrencia.ANNO),
        ({"desde": "mañana"}, "desde", None),
        ({"desde": "2026-12-02", "hasta": "2026-12-01"}, "hasta", recurrencia.AL_REVES),
        ({"desde": "2026-01-01", "hasta": "2026-11-24"}, "hasta", recurrencia.NUNCA),
        ({"gracia_minutos": 0}, "gracia_minutos", None),
        ({"gracia_minutos": 1441}, "gracia_minutos", None),
        ({"hoar": "10:00"}, "hoar", None),
    ],
)
@pytest.mark.parametrize("method", ["post", "put"])
def test_it_refuses(
    api: APIClient, owner: Usuario, method: str, change: dict[str, Any], attr: str, said: str | None
) -> None:
    path = URL if method == "post" else f"{URL}{una_programacion(owner).pk}/"
    before = (row_counts(), list(Programacion.objects.values()))
    error = error_of(getattr(api, method)(path, {**DIARIA, **change}), 400)
    assert error["attr"] == attr
    assert said in (None, error["detail"])
    assert (row_counts(), list(Programacion.objects.values())) == before


def test_it_refuses_two_texts(api: APIClient, owner: Usuario) -> None:
    plantilla = PlantillaFactory.create(usuario=owner)
    error = error_of(api.post(URL, {**DIARIA, "plantilla": plantilla.pk}), 400)
    assert (error["attr"], error["detail"]) == ("plantilla", DOS_MENSAJES)


def test_it_refuses_a_text_that_is_too_long_for_somebody(api: APIClient, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, nombre="x" * 150)
    error = error_of(api.post(URL, {**DIARIA, "mensaje": "{nombre}" + "x" * 1_500}), 400)
    assert (error["attr"], error["code"]) == ("mensaje", "max_length")


def test_an_audience_without_anybody_today_is_fine(api: APIClient) -> None:
    assert api.post(URL, DIARIA).status_code == 201


@pytest.mark.parametrize("kind", ["etiquetas", "segmento", "cliente_ids", "plantilla", "remitente"])
def test_it_does_not_tell_another_shops_row_from_none(api: APIClient, kind: str) -> None:
    factory: dict[str, Any] = {"etiquetas": EtiquetaFactory, "segmento": SegmentoFactory, "cliente_ids": ClienteFactory}
    factory |= {"plantilla": PlantillaFactory, "remitente": RemitenteFactory}
    theirs = factory[kind].create().pk
    answers = []
    for pk in (theirs, 2**40):
        bodies: dict[str, dict[str, Any]] = {
            "plantilla": {"mensaje": "", "plantilla": pk},
            "remitente": {"remitente": pk},
            "segmento": {"audiencia": {"segmento": pk}},
        }
        body = {**DIARIA, **bodies.get(kind, {"audiencia": {kind: [pk]}})}
        answers.append(str(error_of(api.post(URL, body), 400)).replace(str(pk), "N"))
    assert answers[0] == answers[1]


class TestMoves:
    @pytest.fixture
    def path(self, owner: Usuario, ana: Cliente) -> str:
        return f"{URL}{una_programacion(owner).pk}/"

    def enabled(self) -> bool:
        return bool(PeriodicTask.objects.get(name__startswith="programacion-").enabled)

    def test_pausing_and_resuming(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        body = api.post(f"{path}pausar/").json()
        assert (body["activa"], body["proximas"], self.enabled()) == (False, [], False)
        error = error_of(api.post(f"{path}pausar/"), 409)
        assert (error["code"], error["detail"]) == ("move_refused", services.YA_EN_PAUSA)
        clock.move_to(NOW + timedelta(days=2))
        body = api.post(f"{path}reanudar/").json()
        assert (body["activa"], body["proximas"][0], self.enabled()) == (True, "2026-11-27T09:00:00-05:00", True)
        assert error_of(api.post(f"{path}reanudar/"), 409)["detail"] == services.YA_ACTIVA
        assert ocurrencias.atender_vencidas() == 0
        skipped = Ocurrencia.objects.order_by("ocurrencia_utc").values_list("ocurrencia_utc", "estado", "motivo")
        days = [datetime(2026, 11, day, 14, tzinfo=UTC) for day in (25, 26)]
        assert list(skipped) == [(day, "omitida", ocurrencias.EN_PAUSA) for day in days]

    def test_paused_in_the_minute_it_was_due(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        """Nobody had looked yet: who pauses wants nothing to be sent."""
        clock.move_to(datetime(2026, 11, 25, 14, 0, 1, tzinfo=UTC))
        api.post(f"{path}pausar/")
        api.post(f"{path}reanudar/")
        assert [row.motivo for row in Ocurrencia.objects.all()] == [ocurrencias.EN_PAUSA]
        assert not CampanaSMS.objects.exists()

    def test_changed_in_the_minute_it_was_due(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        """Nobody had looked yet: what was due is made as it was, and the change is for what comes."""
        clock.move_to(datetime(2026, 11, 25, 14, 0, 1, tzinfo=UTC))
        body = api.patch(path, {"hora": "09:30", "mensaje": "Nuevo"}).json()
        assert body["proximas"][0] == "2026-11-25T09:30:00-05:00"
        assert [(c.mensaje, c.ocurrencia.ocurrencia_utc.minute) for c in CampanaSMS.objects.all()] == [
            ("Hola {nombre}!", 0)
        ]
        clock.move_to(datetime(2026, 11, 25, 14, 30, tzinfo=UTC))
        ocurrencias.atender_vencidas()
        assert CampanaSMS.objects.count() == 2

    def test_changed_while_paused(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        api.post(f"{path}pausar/")
        clock.move_to(NOW + timedelta(days=1))
        assert api.patch(path, {"hora": "11:00"}).json()["proximas"] == []
        assert not self.enabled()
        body = api.post(f"{path}reanudar/").json()
        assert body["proximas"][0] == "2026-11-25T11:00:00-05:00"
        assert Ocurrencia.objects.get().motivo == ocurrencias.EN_PAUSA

    @pytest.mark.parametrize("action", ["pausar", "reanudar"])
    def test_one_that_is_over_does_not_move(
        self, api: APIClient, owner: Usuario, path: str, action: str, clock: time_machine.Traveller
    ) -> None:
        api.patch(path, {"hasta": "2026-11-25"})
        if action == "reanudar":
            api.post(f"{path}pausar/")
        clock.move_to(NOW + timedelta(days=3))
        ocurrencias.atender_vencidas()
        assert error_of(api.post(f"{path}{action}/"), 409)["detail"] == services.TERMINADA
        body = api.patch(path, {"hasta": "2026-12-31"}).json()
        assert bool(body["proximas"]) is (action == "pausar")

    def test_deleting_leaves_the_campaigns(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        clock.move_to(NOW + timedelta(days=1))
        ocurrencias.atender_vencidas()
        assert api.delete(path).status_code == 204
        assert CampanaSMS.objects.count() == 1
        assert not Ocurrencia.objects.exists()
        assert not PeriodicTask.objects.filter(name__startswith="programacion-").exists()


class TestRunNow:
    @pytest.fixture
    def path(self, owner: Usuario, ana: Cliente) -> str:
        return f"{URL}{una_programacion(owner).pk}/"

    def test_it_makes_one_more(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        before = api.get(path).json()
        response = api.post(f"{path}ejecutar/")
        assert response.status_code == 201
        body = response.json()
        assert (body["tipo"], body["estado"], body["motivo"]) == ("manual", "creada", "")
        assert body["campana"]["nombre"] == "Aniversario · 2026-11-24 10:00"
        assert body["campana"]["total_clientes"] == 1
        assert api.get(path).json() == before
        clock.move_to(datetime(2026, 11, 25, 14, tzinfo=UTC))
        assert ocurrencias.atender_vencidas() == 1
        assert CampanaSMS.objects.count() == 2

    def test_asked_for_in_the_very_moment_of_an_occurrence_it_takes_nothing_from_it(
        self, api: APIClient, path: str, clock: time_machine.Traveller
    ) -> None:
        clock.move_to(datetime(2026, 11, 25, 14, tzinfo=UTC))
        api.post(f"{path}ejecutar/")
        assert ocurrencias.atender_vencidas() == 1
        assert sorted(Ocurrencia.objects.values_list("tipo", "estado")) == [
            ("manual", "creada"),
            ("programada", "creada"),
        ]

    @pytest.mark.parametrize("action", ["pausar", "over"])
    def test_it_works_while_paused_or_over(
        self, api: APIClient, path: str, action: str, clock: time_machine.Traveller
    ) -> None:
        if action == "pausar":
            api.post(f"{path}pausar/")
        else:
            Programacion.objects.update(proxima=None)
        assert api.post(f"{path}ejecutar/").status_code == 201

    def test_one_key_is_one_campaign(self, api: APIClient, path: str, clock: time_machine.Traveller) -> None:
        key = {"Idempotency-Key": "una-vez"}
        first = api.post(f"{path}ejecutar/", headers=key)
        clock.shift(60)
        again = api.post(f"{path}ejecutar/", headers=key)
        assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
        assert again.json()["id"] == first.json()["id"]
        assert CampanaSMS.objects.count() == 1
        clock.shift(60)
        assert api.post(f"{path}ejecutar/", headers={"Idempotency-Key": "otra"}).json()["id"] != first.json()["id"]

    def test_a_key_of_something_else_is_refused(self, api: APIClient, owner: Usuario, path: str) -> None:
        key = {"Idempotency-Key": "k"}
        api.post(f"{path}ejecutar/", headers=key)
        other = f"{URL}{una_programacion(owner, nombre='Otra').pk}/ejecutar/"
        assert error_of(api.post(other, headers=key), 409)["code"] == "idempotency_key_reused"
        assert error_of(api.post(f"{path}ejecutar/", headers={"Idempotency-Key": "x" * 256}), 400)["code"] == "invalid"

    def test_it_says_why_there_is_no_campaign(self, api: APIClient, path: str, ana: Cliente) -> None:
        ana.delete()
        before = row_counts()
        assert error_of(api.post(f"{path}ejecutar/"), 400)["code"] == "empty"
        assert row_counts() == before


def test_its_history(api: APIClient, owner: Usuario, ana: Cliente, clock: time_machine.Traveller) -> None:
    programacion = una_programacion(owner)
    for day in range(3):
        clock.move_to(datetime(2026, 11, 25 + day, 14, tzinfo=UTC))
        Cliente.objects.update(activo=day != 1)
        ocurrencias.atender_vencidas()
    body = api.get(f"{URL}{programacion.pk}/ocurrencias/?page_size=2").json()
    assert [(row["ocurrencia_utc"], row["estado"]) for row in body["results"]] == [
        ("2026-11-27T14:00:00Z", "creada"),
        ("2026-11-26T14:00:00Z", "omitida"),
    ]
    assert body["results"][0]["campana"]["enviados_exitosos"] == 0
    assert (body["results"][1]["campana"], body["results"][1]["motivo"]) == (None, ocurrencias.NADIE)
    last = api.get(body["next"]).json()
    assert [row["ocurrencia_utc"] for row in last["results"]] == ["2026-11-25T14:00:00Z"]
    assert last["next"] is None


def test_the_list_is_the_shops(api: APIClient, owner: Usuario, stranger: Usuario) -> None:
    mine = [una_programacion(owner, nombre=nombre).pk for nombre in ("Lunes", "Martes")]
    una_programacion(stranger, nombre="Ajena")
    services.pausar_programacion(programacion=Programacion.objects.get(pk=mine[0]))
    assert [row["id"] for row in api.get(URL).json()["results"]] == mine[::-1]
    assert [row["id"] for row in api.get(URL, {"activa": "false"}).json()["results"]] == mine[:1]
    assert [row["id"] for row in api.get(URL, {"q": "mart"}).json()["results"]] == mine[1:]
