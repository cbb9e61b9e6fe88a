"""The page of the settings, and what other pages say of a campaign that waits."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from campaigns.ley import reglas, services
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, AjustesCambio, CampanaSMS
from campaigns.pages import ajustes, ajustes_form
from campaigns.values import ventanas
from core.errors import ConflictError
from core.models import Usuario
from tests.campaigns.support import running_campana
from tests.factories import AdminFactory
from tests.pages import flashes, get, signed_in

URL = "/ajustes/"
DIAS = {
    f"{dia}_{name}": value
    for dia in ventanas.DIAS[:5]
    for name, value in (("abierto", "on"), ("abre", "08:00"), ("cierra", "19:00"))
}
HORARIO: dict[str, Any] = {
    "seccion": "horario",
    "ventanas_activas": ["false", "true"],
    "zona_horaria": "America/Bogota",
    "festivos_pais": "CO",
    "dias_cerrados": "24/12/2026\n2026-12-31",
    "plazo_h": "72",
    **DIAS,
}


@pytest.fixture
def nueva(db: None) -> Usuario:
    return AdminFactory.create(username="nueva", ajustes=None)


def post(usuario: Usuario, **fields: Any) -> str:
    answer = signed_in(usuario).post(URL, {**HORARIO, **fields})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_what_a_new_shop_begins_with(nueva: Usuario) -> None:
    page = get(nueva, URL)
    assert 'name="lunes_abre" value="08:00"' in page
    assert 'name="sabado_cierra" value="15:00"' in page
    assert 'name="domingo_abierto" class="form-check-input" id="horario-domingo_0">' in page
    assert '<option value="America/Bogota" selected>' in page
    assert '<option value="CO" selected>' in page


def test_it_saves_a_section(nueva: Usuario) -> None:
    assert flashes(nueva, URL, HORARIO) == [ajustes.GUARDADO]
    saved = Ajustes.objects.get(usuario=nueva)
    assert [f"{day:%d/%m}" for day in saved.dias_cerrados] == ["24/12", "31/12"]
    assert (saved.ventanas["lunes"], saved.ventanas["sabado"]) == ({"abre": "08:00", "cierra": "19:00"}, None)
    page = get(nueva, URL)
    assert "24/12/2026\n31/12/2026" in page
    assert "Horario del sábado: <del>08:00 a 15:00</del>" in page  # in the history
    assert "Horario del lunes" not in page


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ventanas_activas": "false"}, reglas.FALTA_MOTIVO),
        ({"lunes_abre": "8"}, ventanas.NO_ES_HORA.format(valor="8")),
        ({"lunes_cierra": "07:00"}, ventanas.AL_REVES.format(abre="08:00", cierra="07:00")),
        ({"lunes_cierra": ""}, ventanas.NO_ES_HORA.format(valor="")),
        ({"dias_cerrados": "31/02/2026"}, ajustes_form.NO_ES_FECHA.format(valor="31/02/2026")),
        ({"plazo_h": "1000"}, reglas.FUERA.format(minimo=1, maximo=reglas.PLAZO_MAX_H)),
        ({f"{dia}_abierto": "" for dia in ventanas.DIAS}, reglas.NUNCA_ABRE),
        ({"dias_cerrados": "x\n" * 20_000}, "10000 caracteres"),  # and no line of it is read
    ],
)
def test_it_refuses_beside_the_field(nueva: Usuario, fields: dict[str, str], text: str) -> None:
    closed = {name: value for name, value in fields.items() if value or not name.endswith("_abierto")}
    data = {name: value for name, value in HORARIO.items() if name not in fields} | closed
    answer = signed_in(nueva).post(URL, data)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert text in page
    assert "No se guardó" in page
    assert not AjustesCambio.objects.exists()


def test_what_was_typed_stays_after_a_refusal(nueva: Usuario) -> None:
    page = post(nueva, lunes_abre="08:30", lunes_cierra="07:00", motivo="Horario de verano")
    assert 'name="lunes_abre" value="08:30"' in page
    assert 'value="Horario de verano"' in page


GASTO = {"seccion": "gasto", "precio_segmento": "0,0525", "precios": "US 0,0083\nes: 0.08", "tope_diario": "20"}


def test_it_saves_prices_and_caps(nueva: Usuario) -> None:
    assert flashes(nueva, URL, GASTO) == [ajustes.GUARDADO]
    saved = Ajustes.objects.get(usuario=nueva)
    assert (saved.precio_segmento, saved.precios) == (Decimal("0.0525"), {"ES": "0.08", "US": "0.0083"})
    assert (saved.tope_diario, saved.tope_mensual) == (Decimal(20), None)
    page = get(nueva, URL)
    assert 'name="precio_segmento" value="0,0525"' in page
    assert "ES 0.08\nUS 0.0083" in page
    assert "de USD\N{NO-BREAK SPACE}20,00" in page


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"precio_segmento": ""}, reglas.SIN_PRECIO),
        ({"precios": "US"}, ajustes_form.NO_ES_PRECIO.format(valor="US")),
        ({"precios": "US NaN"}, ajustes_form.NO_ES_PRECIO.format(valor="US NaN")),
        ({"precios": "USA 1"}, reglas.NO_ES_PAIS_DE_PRECIO.format(valor="USA")),
        ({"tope_mensual": "19,99"}, reglas.TOPES_CRUZADOS),
    ],
)
def test_it_refuses_prices_and_caps_that_make_no_sense(nueva: Usuario, fields: dict[str, str], text: str) -> None:
    answer = signed_in(nueva).post(URL, GASTO | fields)
    assert answer.status_code == 200
    assert text in answer.content.decode()


def test_it_saves_the_frequency(nueva: Usuario) -> None:
    form = {"seccion": "frecuencia", "frecuencia_activa": ["false", "true"], "frecuencia_maxima": "2"}
    assert reglas.FALTA_MOTIVO in signed_in(nueva).post(URL, form).content.decode()
    assert flashes(nueva, URL, form | {"motivo": "Dos al día, por temporada"}) == [ajustes.GUARDADO]
    form |= {"frecuencia_maxima": "1"}
    assert flashes(nueva, URL, form) == [ajustes.GUARDADO]
    off = form | {"frecuencia_activa": "false"}
    assert reglas.FALTA_MOTIVO in signed_in(nueva).post(URL, off).content.decode()
    assert flashes(nueva, URL, off | {"motivo": "Una sola campaña al mes"}) == [ajustes.GUARDADO]
    saved = Ajustes.objects.get(usuario=nueva)
    assert (saved.frecuencia_activa, saved.frecuencia_maxima) == (False, 1)


def test_it_saves_the_exclusions(nueva: Usuario) -> None:
    form = {
        "seccion": "exclusiones",
        "rne_activo": ["false", "true"],
        "rne_vigencia_dias": "5",
        "rne_exigir_consulta": ["false", "true"],
        "exigir_consentimiento": ["false", "true"],
    }
    assert flashes(nueva, URL, form) == [ajustes.GUARDADO]
    off = form | {"exigir_consentimiento": "false"}
    assert reglas.FALTA_MOTIVO in signed_in(nueva).post(URL, off).content.decode()
    saved = Ajustes.objects.get(usuario=nueva)
    assert (saved.rne_activo, saved.rne_vigencia_dias) == (True, 5)
    assert (saved.rne_exigir_consulta, saved.exigir_consentimiento) == (True, True)


def test_it_saves_the_approval(nueva: Usuario) -> None:
    form = {"seccion": "aprobacion", "aprobacion_destinatarios": "5000", "aprobacion_costo": "12,5"}
    form["aprobacion_ajena"] = "false"
    assert reglas.SIN_PRECIO in signed_in(nueva).post(URL, form).content.decode()
    flashes(nueva, URL, GASTO)
    assert flashes(nueva, URL, form) == [ajustes.GUARDADO]
    saved = Ajustes.objects.get(usuario=nueva)
    assert (saved.aprobacion_destinatarios, saved.aprobacion_costo) == (5000, Decimal("12.5"))
    assert 'name="aprobacion_costo" value="12,5"' in get(nueva, URL)
    assert (
        reglas.FALTA_MOTIVO
        in signed_in(nueva).post(URL, {"seccion": "aprobacion", "aprobacion_ajena": "false"}).content.decode()
    )
    flashes(nueva, URL, {"seccion": "aprobacion", "aprobacion_ajena": "false", "motivo": "Ya no hace falta"})
    saved.refresh_from_db()
    assert (saved.aprobacion_destinatarios, saved.aprobacion_costo) == (None, None)


def test_it_says_when_the_campaigns_could_not_be_stopped(nueva: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**kwargs: Any) -> Ajustes:
        raise ConflictError(services.OCUPADA, code="busy")

    monkeypatch.setattr(ajustes, "cambiar_ajustes", busy)
    form = {"seccion": "frecuencia", "frecuencia_activa": "on", "frecuencia_maxima": "1"}
    assert services.OCUPADA in signed_in(nueva).post(URL, form).content.decode()


def test_two_who_change_them_at_once(nueva: Usuario) -> None:
    flashes(nueva, URL, GASTO)
    flashes(nueva, URL, HORARIO)
    seen = ajustes_visto(get(nueva, URL))
    changed = {"tope_diario": Decimal(30), "ventanas": {"lunes": None}}
    cambiar_ajustes(usuario=nueva, cambios=changed, motivo="Temporada")
    with pytest.raises(ConflictError, match=services.OTRA_PERSONA):  # under the lock, whatever was read before it
        cambiar_ajustes(usuario=nueva, cambios={"tope_mensual": Decimal(90)}, visto=seen)
    # She changed the month's cap and Tuesday; the other person's changes she had not seen.
    form = {**HORARIO, **GASTO, "seccion": ["gasto", "horario"], "visto": seen}
    form |= {"tope_mensual": "90", "martes_abre": "10:00"}
    bad = signed_in(nueva).post(URL, {**form, "tope_mensual": "x"})
    assert (bad.status_code, ajustes_visto(bad.content.decode())) == (200, seen)
    answer = signed_in(nueva).post(URL, form)
    page = answer.content.decode()
    assert (answer.status_code, services.OTRA_PERSONA in page) == (409, True)
    assert 'name="tope_diario" value="30"' in page
    lost = page.partition('id="perdido"')[2].partition("</ul>")[0]
    assert re.findall(r"<li>(.*?):", lost) == ["Horario del martes", "Tope de gasto del mes"]
    assert "<ins>10:00 a 19:00</ins>" in lost
    assert "<ins>90</ins>" in lost
    again = {**HORARIO, **GASTO, "seccion": "gasto", "visto": ajustes_visto(page), "tope_diario": "30"}
    assert flashes(nueva, URL, again | {"tope_mensual": "90"}) == [ajustes.GUARDADO]
    saved = Ajustes.objects.get(usuario=nueva)
    assert (saved.tope_diario, saved.tope_mensual, saved.ventanas["lunes"]) == (Decimal(30), Decimal(90), None)


def ajustes_visto(page: str) -> str:
    return page.partition('name="visto" value="')[2].partition('"')[0]


def test_the_history_has_pages(nueva: Usuario) -> None:
    for hours in range(1, ajustes.CAMBIOS + 3):
        cambiar_ajustes(usuario=nueva, cambios={"plazo_h": hours}, motivo=f"Cambio {hours}.")
    page = get(nueva, URL)
    assert "«Cambio 12.»" in page
    assert "«Cambio 2.»" not in page
    oldest_shown = AjustesCambio.objects.get(motivo="Cambio 3.")
    assert f"?antes={oldest_shown.pk}" in page
    older = get(nueva, f"{URL}?antes={oldest_shown.pk}")
    assert "«Cambio 2.»" in older
    assert "«Cambio 3.»" not in older


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), "Se envía hasta hoy, 7:00 p. m."),
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "Lo que espera sale mañana, 8:00 a. m."),
        (datetime(2026, 11, 28, 21, 0, tzinfo=UTC), "Lo que espera sale el lunes 30 nov, 8:00 a. m."),
    ],
)
def test_it_says_whether_it_is_open_now(nueva: Usuario, now: datetime, text: str) -> None:
    with time_machine.travel(now, tick=False):
        page = get(nueva, URL)
    plain = page.replace("\N{NO-BREAK SPACE}", " ")
    assert text in " ".join(re.sub(r"<time[^>]*>|</time>", "", plain).split())


def test_the_page_of_a_campaign_says_until_when_it_waits(owner: Usuario) -> None:
    campana = running_campana(owner, espera_hasta=timezone.now() + timedelta(days=2), cierra_en=timezone.now())
    for path in (f"/campanas/{campana.pk}/", f"/campanas/{campana.pk}/vivo/"):
        assert "Fuera del horario de envío: espera hasta" in get(owner, path)
    assert "En espera" in get(owner, f"/campanas/{campana.pk}/")
    assert "espera hasta" in get(owner, "/campanas/")
    campana.espera_hasta = None
    campana.save()
    assert "espera hasta" not in get(owner, f"/campanas/{campana.pk}/")
    assert "espera hasta" not in get(owner, "/campanas/")


def test_the_page_of_a_campaign_says_when_it_goes_on_after_a_cap(owner: Usuario) -> None:
    campana = running_campana(owner)
    CampanaSMS.objects.update(estado="pausado", reanuda_en=timezone.now() + timedelta(days=1))
    for path in (f"/campanas/{campana.pk}/", f"/campanas/{campana.pk}/vivo/"):
        assert "Sigue sola" in get(owner, path)
