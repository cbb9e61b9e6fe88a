"""The register's file becomes numbers that no campaign reaches, and evidence that is kept."""

import hashlib
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.utils import timezone
from rest_framework.test import APIClient

from clientes import phones
from clientes.importacion import limites, proceso
from clientes.models import ConsultaRNE, Importacion, NumeroRNE
from clientes.pages import rne
from clientes.pages.upload import SIN_ARCHIVO
from clientes.rne import numeros, services
from clientes.rne.selectors import es_vieja, ultima_consulta
from core.errors import InvalidInputError
from core.models import Usuario
from tests.clientes.importacion.support import csv, xlsx
from tests.core.api.support import error_of
from tests.factories import ClienteFactory, VendedorFactory
from tests.growth import growth
from tests.pages import flashes, get, signed_in

URL, API = "/clientes/rne/", "/api/v1/rne/"
DIA = date(2026, 3, 15)
ANA, LUIS, EVA = "+573001112233", "+573004445566", "+34612345678"
LISTA = b"3001112233\n3004445566\n"


def excluded(usuario: Usuario) -> set[str]:
    return set(NumeroRNE.objects.filter(usuario_id=usuario.pk).values_list("telefono", flat=True))


def bring(usuario: Usuario, *telefonos: str, reemplaza: bool = False, dia: date = DIA) -> ConsultaRNE:
    return services.importar_lista(usuario=usuario, telefonos=telefonos, consultado_en=dia, reemplaza=reemplaza)


def archivo(data: bytes = LISTA, name: str = "rne-marzo.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


@pytest.mark.parametrize(
    ("celda", "telefono"),
    [
        ("3001112233", ANA),
        ("573001112233", ANA),
        ("+57 300 111-2233", ANA),
        ("(300) 111.2233", ANA),
        ("'3001112233", ANA),
        ('="3001112233"', ANA),
        ("3001112233.0", ANA),
        ("573001112233,00", ANA),
        ("\u202a3001112233\u202c", ANA),
        ("3001112233.5", ""),
        ("300111223.0", ""),  # a digit is missing
        (EVA, EVA),
        ("12", ""),
        ("teléfono", ""),
        ("", ""),
    ],
)
def test_it_reads_a_number_as_the_register_writes_it(celda: str, telefono: str) -> None:
    assert numeros.leer_numero(celda) == telefono


@pytest.mark.parametrize(
    ("data", "ilegibles"),
    [
        (LISTA, 0),
        (csv("numero", "3001112233", "3004445566", "3001112233"), 0),  # titles, and one twice
        (csv("fecha;celular;canal", "2026-01-01;3001112233;SMS", "2026-01-02;3004445566;SMS", "x;no hay;SMS"), 1),
        (csv("fecha,celular", "2026-01-01,+573001112233", "2026-01-02,573004445566", encoding="utf-16"), 0),
        (xlsx([["Número", "Canal"], [3001112233, "SMS"], ["300 444 5566", "SMS"]]), 0),
        (csv("celular;otro celular", "3001112233;", ";3004445566"), 0),
        (csv("celular;fijo o celular", "3001112233;3004445566", "3001112233;300444556.0"), 1),
        (b"3001112233;3004445566;3001112233", 0),
        (csv("id;nota", "3001112233;x", *["3001112233;x"] * 300, "3001112233;57 300 444 5566"), 0),
    ],
    ids=["a list", "titles", "columns", "utf-16", "xlsx", "two columns", "a digit too few", "one line", "far below"],
)
def test_it_finds_the_numbers_of_any_file(owner: Usuario, data: bytes, ilegibles: int) -> None:
    consulta = services.importar_archivo(usuario=owner, subido=archivo(data), consultado_en=DIA, reemplaza=False)
    assert excluded(owner) == {ANA, LUIS}
    assert (consulta.numeros, consulta.ilegibles) == (2, ilegibles)


def test_it_does_not_look_at_a_text_that_is_no_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read inside the request of a page, and a cell of it may have 20,000 characters."""
    monkeypatch.setattr(numeros, "RELLENO", None)
    monkeypatch.setattr(phones, "read", None)
    long = "1" * (phones.ESCRITO_MAX + 1)
    assert numeros.leer_numero(long) == ""
    assert numeros.de_lista([long]).ilegibles == 1


def test_it_reads_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook of a megabyte may say one text in 200,000 rows."""
    read, asked = numeros.leer_numero, list[str]()

    def reading(celda: str) -> str:
        asked.append(celda)
        return read(celda)

    monkeypatch.setattr(numeros, "leer_numero", reading)
    found = numeros.de_lista(["3001112233", "no", "+57 300 111 2233", "no", "3001112233", "no"])
    assert asked == ["3001112233", "no", "+57 300 111 2233"]
    assert (list(found.telefonos), found.ilegibles) == ([ANA], 3)


def test_a_file_of_long_cells_costs_what_they_weigh() -> None:
    """Two cells of a book of 5 KB kept a web process busy for seconds."""
    growing = growth(numeros.de_archivo, lambda n: BytesIO(csv("3001112233", *["1" * n] * 20)), 1_900)
    assert growing < 30


def test_two_numbers_of_a_cell_are_both_left_alone() -> None:
    found = numeros.de_lista(["3001112233 / 300 444 5566", "3001112233/34"])
    assert (list(found.telefonos), found.ilegibles) == ([ANA, LUIS], 1)


def test_it_keeps_the_evidence(owner: Usuario) -> None:
    before = timezone.now()
    services.importar_archivo(usuario=owner, subido=archivo(), consultado_en=DIA, reemplaza=True)
    kept = ConsultaRNE.objects.get()
    assert (kept.quien, kept.consultado_en, kept.archivo) == (owner, DIA, "rne-marzo.csv")
    assert kept.sha256 == hashlib.sha256(LISTA).hexdigest()
    assert kept.creado >= before
    with pytest.raises(ProtectedError):
        kept.delete()  # its numbers hold it


@pytest.mark.parametrize(("reemplaza", "left"), [(False, {ANA, LUIS}), (True, {LUIS})])
def test_what_earlier_ones_brought_stays_unless_it_is_replaced(
    owner: Usuario, stranger: Usuario, reemplaza: bool, left: set[str]
) -> None:
    for usuario in (owner, stranger):
        bring(usuario, ANA)
    bring(owner, LUIS, reemplaza=reemplaza)
    assert (excluded(owner), excluded(stranger)) == (left, {ANA})
    assert ConsultaRNE.objects.filter(usuario=owner).count() == 2  # the evidence stays


def test_the_latest_is_that_of_the_latest_day(owner: Usuario, stranger: Usuario) -> None:
    assert ultima_consulta(owner.pk) is None
    for day in (15, 20, 10):
        bring(owner, ANA, dia=date(2026, 3, day))
    bring(stranger, ANA, dia=date(2026, 3, 25))
    assert ultima_consulta(owner.pk) == date(2026, 3, 20)


@pytest.mark.parametrize(("days", "old"), [(0, False), (7, False), (8, True)])
def test_a_consultation_grows_old(days: int, old: bool) -> None:
    assert es_vieja(timezone.localdate() - timedelta(days=days), dias=7) is old
    assert es_vieja(None, dias=7)


def test_it_rejects_a_date_to_come_and_an_empty_list(owner: Usuario) -> None:
    with pytest.raises(InvalidInputError, match=services.EN_EL_FUTURO):
        bring(owner, ANA, dia=timezone.localdate() + timedelta(days=1))
    with pytest.raises(InvalidInputError, match=services.VACIA):
        bring(owner, "nada")
    assert not ConsultaRNE.objects.exists()


def test_an_older_one_does_not_replace_a_newer(owner: Usuario, stranger: Usuario) -> None:
    """It would forget numbers that the newer found, while the shop still counted as freshly consulted."""
    bring(stranger, EVA, dia=DIA + timedelta(days=9))  # another shop's
    bring(owner, ANA)
    with pytest.raises(InvalidInputError, match="15 mar") as refusal:
        bring(owner, LUIS, reemplaza=True, dia=DIA - timedelta(days=1))
    assert refusal.value.field == "consultado_en"
    assert (excluded(owner), ConsultaRNE.objects.filter(usuario=owner).count()) == ({ANA}, 1)
    bring(owner, LUIS, dia=DIA - timedelta(days=1))  # it may add to it
    assert excluded(owner) == {ANA, LUIS}
    bring(owner, EVA, reemplaza=True)  # of the same day
    assert excluded(owner) == {EVA}


class TestApi:
    def test_it_works(self, api: APIClient, owner: Usuario) -> None:
        answer = api.post(API, {"numeros": ["3001112233", "no"], "consultado_en": "2026-03-15"})
        assert answer.status_code == 201
        [row] = api.get(API).json()["results"]
        assert row == answer.json()
        assert row | {"id": 0, "creado": "", "sha256": ""} == {
            "id": 0,
            "consultado_en": "2026-03-15",
            "creado": "",
            "quien": "duena",
            "archivo": "",
            "sha256": "",
            "numeros": 1,
            "ilegibles": 1,
            "reemplaza": False,
        }
        assert excluded(owner) == {ANA}

    @pytest.mark.parametrize(
        ("body", "attr"),
        [
            ({"numeros": ["3001112233"]}, "consultado_en"),
            ({"numeros": [], "consultado_en": "2026-03-15"}, "numeros"),
            ({"numeros": ["no"], "consultado_en": "2026-03-15"}, "numeros"),
            ({"numeros": ["3001112233"], "consultado_en": "2999-01-01"}, "consultado_en"),
            ({"numeros": ["3001112233"], "consultado_en": "2026-03-15", "borra": True}, "borra"),
        ],
    )
    def test_it_rejects_bad_input(self, api: APIClient, body: dict[str, Any], attr: str) -> None:
        assert error_of(api.post(API, body), 400)["attr"] == attr
        assert not ConsultaRNE.objects.exists()

    def test_it_refuses_to_replace_a_newer_one(self, api: APIClient, owner: Usuario) -> None:
        bring(owner, ANA)
        body = {"numeros": ["3004445566"], "consultado_en": "2026-03-14", "reemplaza": True}
        assert error_of(api.post(API, body), 400)["attr"] == "consultado_en"
        assert excluded(owner) == {ANA}


class TestPage:
    def test_it_works(self, owner: Usuario) -> None:
        said = flashes(owner, URL, {"archivo": archivo(csv("n", "3001112233", "no")), "consultado_en": "2026-03-15"})
        assert said == [rne.TRAIDA.format(numeros="1", s=""), rne.ILEGIBLES.format(n="1", s="", ene="")]
        page = get(owner, URL)
        assert "rne-marzo.csv" in page
        assert ConsultaRNE.objects.get().sha256 in page
        assert "15 mar 2026" in page

    def test_it_replaces_when_asked(self, owner: Usuario) -> None:
        bring(owner, EVA)
        flashes(owner, URL, {"archivo": archivo(), "consultado_en": "2026-03-15", "modo": "reemplaza"})
        assert excluded(owner) == {ANA, LUIS}

    def test_it_refuses_to_replace_a_newer_one_beside_the_date(self, owner: Usuario) -> None:
        bring(owner, EVA)
        form = {"archivo": archivo(), "consultado_en": "2026-03-14", "modo": "reemplaza"}
        page = signed_in(owner).post(URL, form).content.decode()
        assert services.MAS_VIEJA.format(ultima="15 mar 2026") in page
        assert 'value="2026-03-14" max="' in page
        assert excluded(owner) == {EVA}

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ({"consultado_en": "2026-03-15"}, SIN_ARCHIVO),
            ({"archivo": archivo(b"nombre\nAna\n"), "consultado_en": "2026-03-15"}, numeros.SIN_NUMEROS),
            ({"archivo": archivo(), "consultado_en": "ayer"}, rne.NO_ES_FECHA),
            ({"archivo": archivo(), "consultado_en": "2999-01-01"}, services.EN_EL_FUTURO),
            ({"archivo": archivo(b"\xd0\xcf\x11\xe0" + b"x" * 600), "consultado_en": "2026-03-15"}, limites.XLS_VIEJO),
        ],
    )
    def test_it_says_what_is_wrong(self, owner: Usuario, form: dict[str, Any], text: str) -> None:
        answer = signed_in(owner).post(URL, form)
        assert answer.status_code == 200
        assert text in answer.content.decode()
        assert not ConsultaRNE.objects.exists()

    def test_it_adds_up_the_rows(self, owner: Usuario) -> None:
        data = csv(
            "Registro de la CRC", "numero;nota", "3001112233;a", "3001112233;b", "no;c", "3004445566 / 3001112233;d"
        )
        signed_in(owner).post(URL, {"archivo": archivo(data), "consultado_en": "2026-03-15"})
        assert "2 leídas + 1 sin número + 1 repetida + 2 de títulos = 6 filas" in get(owner, URL)

    def test_it_is_for_admins(self, owner: Usuario) -> None:
        assert signed_in(VendedorFactory.create(creado_por=owner)).get(URL).status_code == 403


class TestWorker:
    """A large file is read by a worker, as clients are."""

    def upload(self, usuario: Usuario, data: bytes, **form: str) -> str:
        answer = signed_in(usuario).post(URL, {"archivo": archivo(data), "consultado_en": "2026-03-15", **form})
        assert answer.status_code == 302
        return answer.headers["Location"]

    def test_it_works(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "TEXTO_EN_EL_ACTO", 0)
        monkeypatch.setattr(services, "LIBRO_EN_EL_ACTO", 0)
        monkeypatch.setattr("clientes.rne.proceso.AVISAR_S", 0.0)
        n = 90
        data = csv("numero", *(f"31000000{at}" for at in range(10, 100)), "3100000010", "nada", "", "no")
        path = self.upload(owner, data)
        assert "Espera a que un proceso la tome" in get(owner, path)
        assert path in get(owner, URL)
        assert not ConsultaRNE.objects.exists()
        assert proceso.atender() == 1
        consulta = ConsultaRNE.objects.get()
        assert (consulta.numeros, consulta.repetidos, consulta.ilegibles, consulta.titulos) == (n, 1, 2, 1)
        assert (consulta.quien, consulta.sha256) == (owner, hashlib.sha256(data).hexdigest())
        assert len(excluded(owner)) == n
        page = get(owner, f"{path}vivo/").replace("\N{NO-BREAK SPACE}", " ")
        assert "+ 2 sin número + 1 repetida =" in page
        assert 'hx-get="' not in page
        assert path not in get(owner, URL)
        done = Importacion.objects.get()
        assert (done.estado, done.leidas, done.trozos.exists()) == ("completada", n + 3, False)
        assert path not in get(owner, "/clientes/importar/")  # which is for clients and sales
        assert signed_in(owner).get(f"/clientes/importar/{done.pk}/").status_code == 404

    @pytest.mark.parametrize("row", ['"mal', "\ufffdx"])
    def test_it_says_what_is_wrong(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch, row: str) -> None:
        monkeypatch.setattr(services, "TEXTO_EN_EL_ACTO", 0)
        monkeypatch.setattr(services, "LIBRO_EN_EL_ACTO", 0)
        path = self.upload(owner, csv("numero;nota", "3001112233;a", f"3001112244;{row}", "3001112255;c"))
        proceso.atender()
        read = Importacion.objects.get()
        if read.estado == "fallida":
            assert read.error in get(owner, path)
            assert excluded(owner) == set()
        else:
            assert len(excluded(owner)) == 3

    def test_it_refuses_at_once_what_can_be_seen_at_once(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "TEXTO_EN_EL_ACTO", 0)
        monkeypatch.setattr(services, "LIBRO_EN_EL_ACTO", 0)
        bring(owner, EVA)
        for data, form, text in [
            (b"\xd0\xcf\x11\xe0" + b"x" * 600, {}, limites.XLS_VIEJO),
            (LISTA, {"consultado_en": "2999-01-01"}, services.EN_EL_FUTURO),
            (LISTA, {"consultado_en": "2026-03-14", "modo": "reemplaza"}, "15 mar 2026"),
        ]:
            answer = signed_in(owner).post(URL, {"archivo": archivo(data), "consultado_en": "2026-03-15", **form})
            assert text in answer.content.decode()
        assert not Importacion.objects.exists()

    def test_what_a_newer_one_overtook_replaces_nothing(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "TEXTO_EN_EL_ACTO", 0)
        monkeypatch.setattr(services, "LIBRO_EN_EL_ACTO", 0)
        path = self.upload(owner, LISTA, modo="reemplaza")
        bring(owner, EVA, dia=DIA + timedelta(days=1))
        proceso.atender()
        assert "16 mar 2026" in get(owner, path)
        assert excluded(owner) == {EVA}


def desde(usuario: Usuario) -> dict[str, date]:
    return dict(NumeroRNE.objects.filter(usuario_id=usuario.pk).values_list("telefono", "desde"))


def test_it_keeps_the_day_on_which_a_number_first_stood_there(owner: Usuario) -> None:
    enero, febrero = date(2026, 1, 5), date(2026, 2, 5)
    bring(owner, ANA, LUIS, dia=febrero)
    bring(owner, ANA, dia=enero)  # brought later, asked before
    bring(owner, ANA, LUIS, EVA, dia=DIA)
    assert desde(owner) == {ANA: enero, LUIS: febrero, EVA: DIA}
    bring(owner, ANA, EVA, dia=DIA, reemplaza=True)
    assert desde(owner) == {ANA: enero, EVA: DIA}
    bring(owner, LUIS, dia=DIA)  # left it, and entered it again
    assert desde(owner)[LUIS] == DIA


@pytest.mark.parametrize(
    ("given", "revoked"), [(None, None), (date(2026, 3, 14), DIA), (DIA, DIA), (date(2026, 3, 16), None)]
)
def test_it_says_whose_consent_the_register_revoked(
    given: date | None, revoked: date | None, owner: Usuario, api: APIClient
) -> None:
    said = {"consentimiento_fuente": "Caja" if given else "", "consentimiento_en": given}
    cliente = ClienteFactory.create(usuario=owner, telefono=ANA, **said)
    other = ClienteFactory.create(usuario=owner, telefono=EVA, consentimiento_fuente="Caja", consentimiento_en=DIA)
    bring(owner, ANA)
    path = "/api/v1/clientes/"
    expected = {cliente.pk: revoked and revoked.isoformat(), other.pk: None}
    rows = api.get(path).json()["results"]
    assert {row["id"]: row["consentimiento_revocado_en"] for row in rows} == expected
    for pk, day in expected.items():
        assert api.get(f"{path}{pk}/").json()["consentimiento_revocado_en"] == day
    shown = get(owner, f"/clientes/{cliente.pk}/")
    assert ("Revocado: el número está" in shown) is (revoked is not None)
    assert ("Vale: es posterior" in shown) is (given is not None and revoked is None)
