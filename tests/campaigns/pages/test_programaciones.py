"""The pages of recurring campaigns: what they show, what the form takes, and that one click is one campaign."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns import remitentes
from campaigns.audiencia.seleccion import Audiencia, Seleccion
from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.pages import programacion_form, programaciones
from campaigns.programaciones import ocurrencias, services
from campaigns.values import recurrencia
from campaigns.vista_previa import borrador
from clientes.models import Cliente
from core.models import Usuario
from tests.factories import (
    ClienteFactory,
    EtiquetaFactory,
    PlantillaFactory,
    RemitenteFactory,
    SegmentoFactory,
    una_programacion,
)
from tests.pages import flashes, get, signed_in

URL = "/programaciones/"
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # Tuesday, 10:00 in Bogotá
FORM = {
    "accion": "guardar",
    "nombre": "Saludo",
    "frecuencia": "semanal",
    "dias": ["1", "4"],
    "hora": "09:00",
    "zona": "America/Bogota",
    "desde": "2026-11-24",
    "gracia_minutos": "60",
    "fuente": "mensaje",
    "mensaje": "Hola {nombre}",
    "quienes": "todos",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana")


def post(usuario: Usuario, path: str, form: dict[str, Any]) -> str:
    answer = signed_in(usuario).post(path, form)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def fechas(page: str) -> list[str]:
    """The dates that a page lists, as they are read."""
    found = re.findall(r"<li><time [^>]*>([^<]*)</time></li>", page)
    return [unescape(each).replace("\N{NO-BREAK SPACE}", " ") for each in found]


def test_the_list_is_empty_at_first(owner: Usuario, teammate: Usuario) -> None:
    assert "Crear la primera" in get(owner, URL)
    assert "Crear la primera" not in get(teammate, URL)
    assert "/programaciones/" in get(owner, "/campanas/")


def test_the_list_says_when_and_how_it_went(owner: Usuario, ana: Cliente, clock: time_machine.Traveller) -> None:
    una_programacion(owner, nombre="Diaria")
    services.pausar_programacion(programacion=una_programacion(owner, nombre="Pausada"))
    clock.move_to(datetime(2026, 11, 25, 14, tzinfo=UTC))
    ocurrencias.atender_vencidas()
    page = unescape(get(owner, URL)).replace("\N{NO-BREAK SPACE}", " ")
    assert "Todos los días a las 9:00 a. m." in page
    assert "jueves 26 nov 2026, 9:00 a. m." in page
    assert [page.count(f">{word}<") for word in ("Pausada", "—")] == [1, 2]
    assert all(chip in page for chip in ("Pendiente</span>", "Activa</span>", "En pausa</span>"))


def test_the_list_asks_little(
    owner: Usuario, ana: Cliente, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(30):
        una_programacion(owner, nombre=f"P{n}")
    client = signed_in(owner)
    with django_assert_max_num_queries(6):
        client.get(URL)


def test_the_form_makes_one(owner: Usuario, ana: Cliente) -> None:
    [said] = flashes(owner, f"{URL}nueva/", FORM)
    assert "«Saludo» quedó creada" in said
    row = Programacion.objects.get()
    assert (row.nombre, row.mensaje, row.audiencia, row.dias, row.hora) == (
        "Saludo",
        "Hola {nombre}",
        {"todos": True},
        [1, 4],
        time(9),
    )
    page = get(owner, f"{URL}{row.pk}/")
    assert fechas(page)[0] == "jueves 26 nov 2026, 9:00 a. m."
    assert len(fechas(page)) == 5


def test_the_form_shows_what_there_is_and_keeps_it(owner: Usuario, ana: Cliente) -> None:
    vip, baja = EtiquetaFactory.create_batch(2, usuario=owner)
    segmento, plantilla = SegmentoFactory.create(usuario=owner), PlantillaFactory.create(usuario=owner)
    row = una_programacion(
        owner,
        plantilla=plantilla,
        remitente=RemitenteFactory.create(usuario=owner),
        audiencia=Audiencia(
            Seleccion(cliente_ids=(ana.pk,), etiquetas=(vip.pk,), segmento=segmento.pk),
            Seleccion(etiquetas=(baja.pk,)),
        ),
        frecuencia="mensual",
        dia_mes=31,
        hora=time(23, 30),
        zona="Europe/Madrid",
        desde=date(2026, 12, 1),
        hasta=date(2027, 6, 30),
        gracia_minutos=5,
    )
    before = Programacion.objects.values().get()
    page = get(owner, f"{URL}{row.pk}/editar/")
    assert fechas(page)[:2] == ["jueves 31 dic 2026, 11:30 p. m.", "domingo 31 ene 2027, 11:30 p. m."]
    flashes(owner, f"{URL}{row.pk}/editar/", sent_by(page))
    assert Programacion.objects.values().get() == before


def test_the_form_offers_the_shops_senders(owner: Usuario, ana: Cliente, stranger: Usuario) -> None:
    assert "Enviar desde" not in get(owner, f"{URL}nueva/")
    RemitenteFactory.create(usuario=stranger, nombre="Ajena")
    ventas = RemitenteFactory.create(usuario=owner, nombre="Ventas")
    page = get(owner, f"{URL}nueva/")
    assert "Ventas" in page
    assert "Ajena" not in page
    flashes(owner, f"{URL}nueva/", {**FORM, "remitente": str(ventas.pk)})
    row = Programacion.objects.get()
    assert row.remitente == ventas
    assert "Ventas" in get(owner, f"{URL}{row.pk}/")


def test_a_sender_that_is_offered_no_more_does_not_change_in_silence(owner: Usuario, ana: Cliente) -> None:
    ventas = RemitenteFactory.create(usuario=owner)
    row = una_programacion(owner, remitente=ventas)
    ventas.activo = False
    ventas.save()
    path = f"{URL}{row.pk}/editar/"
    assert remitentes.NO_ESTA in post(owner, path, sent_by(get(owner, path)))
    row.refresh_from_db()
    assert row.remitente == ventas


def sent_by(page: str) -> dict[str, Any]:
    """What a browser would send of the page's form."""
    form: dict[str, Any] = {"accion": "guardar"}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = (re.search(rf'{a}="([^"]*)"', tag) for a in ("name", "value"))
        kind = re.search(r'type="(\w+)"', tag)
        if name and kind and (kind[1] not in {"radio", "checkbox"} or " checked" in tag):
            form.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name_, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        form[name_] = re.findall(r'<option value="([^"]*)"[^>]* selected', options)
    for name_, text in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL):
        form[name_] = unescape(text)
    return form


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nombre": ""}, "requerido"),
        ({"nombre": "x" * 151}, "150"),
        ({"frecuencia": "anual"}, "anual"),
        ({"dias": []}, recurrencia.FALTAN_DIAS),
        ({"dias": ["9"]}, "9"),
        ({"hora": ""}, recurrencia.FALTA_HORA),
        ({"hora": "25:00"}, "hora válida"),
        ({"hora": "09:00:30"}, recurrencia.CON_SEGUNDOS),
        ({"frecuencia": "mensual"}, recurrencia.DIA_MES),
        ({"frecuencia": "cron", "cron": ""}, recurrencia.FALTA_CRON),
        ({"frecuencia": "cron", "cron": "* * * * *"}, recurrencia.CRON_MINUTO),
        ({"zona": "Marte/Olimpo"}, "no es una zona horaria conocida"),
        ({"desde": "ayer"}, "fecha válida"),
        ({"desde": "2026-12-02", "hasta": "2026-12-01"}, recurrencia.AL_REVES),
        ({"desde": "2026-01-01", "hasta": "2026-11-01"}, recurrencia.NUNCA),
        ({"gracia_minutos": "0"}, "1"),
        ({"gracia_minutos": "x"}, "entero"),
        ({"mensaje": ""}, programacion_form.FALTA_MENSAJE),
        ({"mensaje": "Hola {apellido}"}, "Marcador desconocido"),
        ({"fuente": "plantilla"}, programacion_form.FALTA_PLANTILLA),
        ({"fuente": "otra"}, "otra"),
        ({"quienes": "algunos"}, borrador.NADIE),
        ({"quienes": "algunos", "etiquetas": ["999999"]}, "No existen etiquetas"),
    ],
)
@pytest.mark.parametrize("editing", [False, True])
def test_the_form_says_what_is_wrong_and_keeps_the_rest(
    owner: Usuario, ana: Cliente, change: dict[str, Any], said: str, editing: bool
) -> None:
    path = f"{URL}{una_programacion(owner).pk}/editar/" if editing else f"{URL}nueva/"
    before = list(Programacion.objects.values())
    page = unescape(post(owner, path, {**FORM, **change}))
    assert "No se guardó" in page
    assert said in page
    if "nombre" not in change:
        assert 'value="Saludo"' in page
    assert list(Programacion.objects.values()) == before


@pytest.mark.parametrize("name", ["cron", "hasta", "mensaje"])
def test_what_the_service_refuses_is_said_beside_its_field(owner: Usuario, ana: Cliente, name: str) -> None:
    bad = {
        "cron": {"frecuencia": "cron", "cron": "0 99 * * *"},
        "hasta": {"hasta": "2026-11-24"},
        "mensaje": {"mensaje": "{x}"},
    }[name]
    page = post(owner, f"{URL}nueva/", {**FORM, **bad})
    assert f'<p class="campo-error texto-falla" id="id_{name}_error">' in page


def test_a_strangers_template_is_none(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    theirs = PlantillaFactory.create(usuario=stranger, mensaje="Secreto")
    page = post(owner, f"{URL}nueva/", {**FORM, "fuente": "plantilla", "plantilla": theirs.pk})
    assert programacion_form.FALTA_PLANTILLA in page
    assert "Secreto" not in page + post(
        owner, f"{URL}vista-previa/", {**FORM, "fuente": "plantilla", "plantilla": theirs.pk}
    )


class TestPreview:
    def test_it_follows_the_form(self, owner: Usuario, ana: Cliente, settings: Settings) -> None:
        ClienteFactory.create(usuario=owner, telefono="")
        page = post(owner, f"{URL}vista-previa/", {**FORM, "frecuencia": "diaria", "zona": "Asia/Tokyo"})
        assert fechas(page)[0] == "miércoles 25 nov 2026, 9:00 a. m."
        assert "<dd>1 cliente</dd>" in page
        assert "<dt>Segmentos</dt><dd>1</dd>" in page

    def test_it_reads_the_template_as_it_is_today(self, owner: Usuario, ana: Cliente) -> None:
        plantilla = PlantillaFactory.create(usuario=owner, mensaje="Hoy dice esto")
        page = post(owner, f"{URL}vista-previa/", {**FORM, "fuente": "plantilla", "plantilla": plantilla.pk})
        assert "Hoy dice esto" in page

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"hora": ""}, recurrencia.FALTA_HORA),
            ({"dias": []}, recurrencia.FALTAN_DIAS),
            ({"frecuencia": "cron", "cron": "x"}, recurrencia.CRON_CAMPOS),
            ({"hasta": "2026-11-24"}, recurrencia.NUNCA),
            ({"quienes": "algunos"}, borrador.NADIE),
            ({"mensaje": "{x}"}, "Marcador desconocido"),
        ],
    )
    def test_it_says_what_is_missing(self, owner: Usuario, ana: Cliente, change: dict[str, Any], said: str) -> None:
        assert said in unescape(post(owner, f"{URL}vista-previa/", {**FORM, **change}))

    def test_an_empty_form_is_no_fault(self, owner: Usuario) -> None:
        post(owner, f"{URL}vista-previa/", {})
        post(owner, f"{URL}nueva/", {"accion": "buscar"})

    def test_without_scripts_the_search_works_and_accuses_nobody(self, owner: Usuario, ana: Cliente) -> None:
        page = post(owner, f"{URL}nueva/", {**FORM, "accion": "buscar", "nombre": "", "quienes": "algunos", "q": "ana"})
        assert f'name="clientes" value="{ana.pk}">' in page
        assert "campo-error" not in page
        assert "No se guardó" not in page


def test_pausing_and_resuming_says_so(owner: Usuario, ana: Cliente) -> None:
    row = una_programacion(owner)
    path = f"{URL}{row.pk}/"
    assert flashes(owner, f"{path}reanudar/", {}) == [services.YA_ACTIVA]
    assert flashes(owner, f"{path}pausar/", {}) == [programaciones.HECHO["pausar"].format(nombre="Aniversario")]
    page = get(owner, path)
    assert "Está en pausa" in page
    assert fechas(page) == []
    assert flashes(owner, f"{path}reanudar/", {}) == [programaciones.HECHO["reanudar"].format(nombre="Aniversario")]
    assert len(fechas(get(owner, path))) == 5


def test_a_vendedor_sees_no_buttons(owner: Usuario, teammate: Usuario, ana: Cliente) -> None:
    row = una_programacion(owner)
    page = get(teammate, f"{URL}{row.pk}/")
    assert not re.search(r"Ejecutar ahora|Pausar|Editar|Eliminar", page)
    assert len(fechas(page)) == 5


class TestRunNow:
    def clave(self, usuario: Usuario, row: Programacion) -> str:
        clave: str = re.findall(r'name="clave" value="([^"]+)"', get(usuario, f"{URL}{row.pk}/"))[0]
        return clave

    def test_two_clicks_are_one_campaign(self, owner: Usuario, ana: Cliente) -> None:
        row = una_programacion(owner)
        form = {"clave": self.clave(owner, row)}
        places = {signed_in(owner).post(f"{URL}{row.pk}/ejecutar/", form)["Location"] for _ in range(2)}
        campana = CampanaSMS.objects.get()
        assert places == {f"/campanas/{campana.pk}/"}
        assert Ocurrencia.objects.get().tipo == "manual"
        assert f"/programaciones/{row.pk}/" in get(owner, f"/campanas/{campana.pk}/")

    def test_another_look_is_another_campaign(
        self, owner: Usuario, ana: Cliente, clock: time_machine.Traveller
    ) -> None:
        row = una_programacion(owner)
        for _ in range(2):
            clock.shift(1)
            signed_in(owner).post(f"{URL}{row.pk}/ejecutar/", {"clave": self.clave(owner, row)})
        assert CampanaSMS.objects.count() == 2

    @pytest.mark.parametrize("clave", ["", "\0", "x" * 500, "🤷"])
    def test_any_key_will_do(self, owner: Usuario, ana: Cliente, clave: str) -> None:
        row = una_programacion(owner)
        signed_in(owner).post(f"{URL}{row.pk}/ejecutar/", {"clave": clave})
        assert CampanaSMS.objects.count() == 1

    def test_it_says_why_not(self, owner: Usuario) -> None:
        row = una_programacion(owner)
        assert flashes(owner, f"{URL}{row.pk}/ejecutar/", {}) == ["No se ejecutó. La campaña no tiene destinatarios."]

    def test_it_says_what_it_would_cost(self, owner: Usuario, ana: Cliente) -> None:
        row = una_programacion(owner)
        assert "<dd>1 cliente</dd>" in get(owner, f"{URL}{row.pk}/costo/")
        Programacion.objects.update(audiencia={"cliente_ids": [ana.pk]})
        ana.delete()
        assert "La campaña no tiene destinatarios." in get(owner, f"{URL}{row.pk}/costo/")


def test_its_history(owner: Usuario, ana: Cliente, clock: time_machine.Traveller) -> None:
    row = una_programacion(owner)
    for day in range(25):
        clock.move_to(datetime(2026, 11, 25, 14, tzinfo=UTC) + timedelta(days=day))
        Cliente.objects.update(activo=day != 24)
        ocurrencias.atender_vencidas()
    page = get(owner, f"{URL}{row.pk}/")
    assert ocurrencias.NADIE in page
    assert "Omitida" in page
    assert page.count("Pendiente</span>") == 19
    [older] = re.findall(r'hx-get="(/programaciones/\d+/ocurrencias/\?antes=\d+)">', page)
    assert get(owner, older).count("Pendiente</span>") == 5
    assert 'hx-trigger="every 2s, visible"' in page
    CampanaSMS.objects.update(estado="cancelado", completado_en=NOW)
    assert 'hx-trigger="every 30s, visible"' in get(owner, f"{URL}{row.pk}/ocurrencias/")
    services.pausar_programacion(programacion=row)
    assert "hx-trigger" not in get(owner, f"{URL}{row.pk}/ocurrencias/").split("</section>")[0].split("card-header")[0]


def test_deleting(owner: Usuario, ana: Cliente) -> None:
    row = una_programacion(owner)
    [said] = flashes(owner, f"{URL}{row.pk}/eliminar/", {})
    assert "se eliminó" in said
    assert not Programacion.objects.exists()
