"""The pages of imports, for each kind of person."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clientes.importacion import limites, proceso, subida
from clientes.importacion.filas import SOBRAN_CELDAS
from clientes.models import Cliente, Importacion, ImportacionTrozo
from clientes.pages.upload import SIN_ARCHIVO
from core.models import Usuario
from tests.clientes.importacion.support import csv, filtered, run, sheets, upload
from tests.pages import lines_of

TITULOS = "nombre;telefono;documento"
GET = ("", "vivo/", "errores/", "telefonos/")
POST = ("leer/", "muestra/", "empezar/", "buenas/", "descartar/")
LISTA = "/clientes/importar/"
DATA = csv(TITULOS, "Ana;3001234567;1", "=Luis;12;2")


def signed_in(usuario: Usuario, **kwargs: Any) -> Client:
    client = Client(**kwargs)
    client.force_login(usuario)
    return client


def send(usuario: Usuario, data: bytes, **fields: str) -> Any:
    body = {"archivo": SimpleUploadedFile("lista.csv", data), "tipo": "clientes", **fields}
    return signed_in(usuario).post(LISTA, body)


def form(importacion: Importacion, **fields: str) -> dict[str, str]:
    chosen = {f"columna_{campo}": str(place) for campo, place in importacion.columnas.items()}
    return {**chosen, "con_titulos": "on", "clave": importacion.clave, "modo": "buenas", **fields}


def test_from_the_file_to_the_errors(owner: Usuario) -> None:
    answer = send(owner, DATA)
    importacion = Importacion.objects.get()
    assert answer["Location"] == f"{LISTA}{importacion.pk}/"
    client = signed_in(owner)
    body = client.get(answer["Location"]).content.decode()
    assert "+57 300 1234567" in body
    assert "El teléfono «12» no es válido." in body

    started = client.post(f"{answer['Location']}empezar/", form(importacion))
    assert started.status_code == 302
    waiting = client.get(answer["Location"]).content.decode()
    assert 'hx-get="' in waiting
    assert 'aria-valuenow="0"' in waiting
    proceso.atender()
    done = client.get(f"{answer['Location']}vivo/").content.decode()
    assert "hx-get" not in done
    assert '<dd data-cuenta="creadas">1</dd>' in done
    assert "lista.csv" in client.get(LISTA).content.decode()

    download = client.get(f"{answer['Location']}errores/")
    assert download["Content-Disposition"] == f'attachment; filename="importacion-{importacion.pk}-errores.csv"'
    text = b"".join(download.streaming_content).decode()  # type: ignore[attr-defined]
    assert text == (
        '\ufeff"nombre";"telefono";"documento";"fila en el archivo";"motivo"\r\n'
        '"\'=Luis";"12";"2";"3";"El teléfono «12» no es válido."\r\n'
    )


def test_a_row_with_a_cell_too_many_is_alone_in_it(owner: Usuario) -> None:
    importacion = upload(owner, csv(TITULOS, "Ana;3001234567;1", "Luis;3001234568;2;de más", "Eva;3001234569;3"))
    body = signed_in(owner).get(f"{LISTA}{importacion.pk}/").content.decode()
    assert body.count(SOBRAN_CELDAS) == 1


def test_the_error_file_is_corrected_and_imported_as_it_is(owner: Usuario) -> None:
    importacion = run(owner, csv("Nombre;Cel del man;Cédula", "Ana;12;1", "Luis;13;2"), columnas={
        "nombre": 0, "telefono": 1, "documento": 2})  # fmt: skip
    client = signed_in(owner)
    for fixed, left in (("12", 1), ("13", 0)):
        file = b"".join(client.get(f"{LISTA}{importacion.pk}/errores/").streaming_content)  # type: ignore[attr-defined]
        assert file.decode().count("motivo") == 1
        file = file.replace(f';"{fixed}";'.encode(), b";3001234567;")
        importacion = run(owner, file, columnas={"nombre": 0, "telefono": 1, "documento": 2})
        assert importacion.rechazadas == left
    assert Cliente.objects.count() == 2


def test_the_phones_file(owner: Usuario) -> None:
    importacion = run(owner, csv("Ana;3001234567;1", "Luis;300 123 4567;2"), columnas={
        "nombre": 0, "telefono": 1, "documento": 2})  # fmt: skip
    answer = signed_in(owner).get(f"{LISTA}{importacion.pk}/telefonos/")
    lines = lines_of(answer)
    assert lines[0] == "Nombre;Teléfono;Documento;fila en el archivo;se importó;teléfono repetido"
    assert lines[1] == "Ana;3001234567;1;1;sí;Mismo teléfono que la fila 2."


def test_the_page_says_which_of_two_phones_was_taken(owner: Usuario) -> None:
    data = csv(TITULOS, "Ana;3001234567 / 3107654321;1", "Luis;3201112233;2")
    body = signed_in(owner).get(f"{LISTA}{run(owner, data).pk}/").content.decode()
    assert "1 fila con varios teléfonos" in body
    assert "+57 300 1234567" in body
    assert "con el teléfono de otro" not in body


@pytest.mark.parametrize("rest", [*GET, *POST])
def test_it_is_the_shops_admins_alone(rest: str, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    importacion = upload(owner, DATA)
    path = f"{LISTA}{importacion.pk}/{rest}"
    method = "post" if rest in POST else "get"
    assert getattr(Client(), method)(path).status_code == 302
    assert getattr(signed_in(teammate), method)(path).status_code == 403
    assert getattr(signed_in(stranger), method)(path).status_code == 404
    assert getattr(signed_in(owner), method)(path).status_code in {200, 302}
    assert getattr(signed_in(owner), "get" if rest in POST else "post")(path).status_code == 405


def test_the_list_is_for_admins(owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    upload(owner, DATA)
    assert Client().get(LISTA).status_code == 302
    assert signed_in(teammate).get(LISTA).status_code == 403
    assert send(teammate, DATA).status_code == 403
    assert "lista.csv" not in signed_in(stranger).get(LISTA).content.decode()
    assert Importacion.objects.count() == 1


def test_an_upload_needs_the_token(owner: Usuario) -> None:
    client = signed_in(owner, enforce_csrf_checks=True)
    assert client.post(LISTA, {"archivo": SimpleUploadedFile("lista.csv", DATA)}).status_code == 403
    client.get(LISTA)
    token = client.cookies["csrftoken"].value
    body = {"csrfmiddlewaretoken": token, "archivo": SimpleUploadedFile("lista.csv", DATA)}
    assert client.post(LISTA, body).status_code == 302


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", limites.VACIO), (b"\0\1\2", limites.NO_ES_PLANILLA), (b"PK\x03\x04x", limites.XLSX_DANADO)],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(data: bytes, reason: str, owner: Usuario) -> None:
    answer = send(owner, data)
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert not Importacion.objects.exists()
    assert not ImportacionTrozo.objects.exists()


def test_no_file_is_said(owner: Usuario) -> None:
    assert SIN_ARCHIVO in signed_in(owner).post(LISTA, {"tipo": "clientes"}).content.decode()


def test_a_file_that_is_too_large_is_refused_while_it_arrives(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beyond what Django keeps in memory, so that it is the handler on disk that counts.
    monkeypatch.setattr(subida, "BYTES_MAX", 3_000_000)
    answer = send(owner, csv(TITULOS, *["Ana;3001234567;1"] * 200_000))
    assert answer.status_code == 200
    assert limites.DEMASIADO_GRANDE in answer.content.decode()
    assert not Importacion.objects.exists()


def test_a_choice_without_sense_comes_back_with_the_reason(owner: Usuario) -> None:
    importacion = upload(owner, DATA)
    answer = signed_in(owner).post(f"{LISTA}{importacion.pk}/empezar/", {"clave": "documento", "columna_nombre": "0"})
    assert answer.status_code == 200
    assert "Elija la columna de «Documento»." in answer.content.decode()
    importacion.refresh_from_db()
    assert importacion.estado == Importacion.Estado.POR_CONFIRMAR


@pytest.mark.parametrize("body", [{}, {"columna_nombre": "99"}, {"columna_nombre": "-1"}, {"columna_nombre": "x"}])
def test_the_sample_takes_any_form(body: dict[str, str], owner: Usuario) -> None:
    importacion = upload(owner, DATA)
    assert signed_in(owner).post(f"{LISTA}{importacion.pk}/muestra/", body).status_code == 200
    assert signed_in(owner).post(f"{LISTA}{importacion.pk}/empezar/", body).status_code == 200


def test_the_sample_follows_the_form(owner: Usuario) -> None:
    importacion = upload(owner, DATA)
    path = f"{LISTA}{importacion.pk}/muestra/"
    body = signed_in(owner).post(path, form(importacion, telefono_invalido="on")).content.decode()
    assert "no es válido" not in body
    body = signed_in(owner).post(path, {"columna_nombre": "0", "clave": "ninguna"}).content.decode()
    assert "<td>nombre</td>" in body  # without titles the first row is data


def test_all_or_nothing_offers_the_good_rows(owner: Usuario) -> None:
    importacion = run(owner, DATA, modo="todo")
    client = signed_in(owner)
    path = f"{LISTA}{importacion.pk}/"
    assert "No se importó ninguna fila" in client.get(path).content.decode()
    client.post(f"{path}buenas/")
    proceso.atender()
    assert Cliente.objects.count() == 1


def test_a_failed_import_says_why(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS))
    assert limites.SIN_FILAS in signed_in(owner).get(f"{LISTA}{importacion.pk}/").content.decode()


class TestHowTheFileIsRead:
    """The page says what was found in the file, and lets the person choose otherwise."""

    def page(self, usuario: Usuario, importacion: Importacion, path: str = "") -> str:
        return signed_in(usuario).get(f"{LISTA}{importacion.pk}/{path}").content.decode()

    def read(self, usuario: Usuario, importacion: Importacion, **fields: str) -> str:
        return signed_in(usuario).post(f"{LISTA}{importacion.pk}/leer/", fields, follow=True).content.decode()

    def test_the_row_of_titles(self, owner: Usuario) -> None:
        importacion = upload(owner, csv("Zapatos Luna;;", "Marzo;;", TITULOS, "Ana;3001234567;1"))
        body = self.page(owner, importacion)
        assert "Encima de la tabla hay 2 filas que no se importan: «Zapatos Luna», «Marzo»" in body
        assert "La fila 3 tiene los títulos" in body
        assert '<option value="3" selected>3 · nombre · telefono · documento</option>' in body
        assert '<td class="tabla-fila">4</td>' in body
        body = self.read(owner, importacion, desde="2")
        assert '<option value="2" selected>2 · Marzo</option>' in body

    def test_the_sheet(self, owner: Usuario) -> None:
        importacion = upload(
            owner, sheets(0, Enero=[["Luna"], [], TITULOS.split(";"), ["Ana"]], Febrero=[TITULOS.split(";"), ["Eva"]])
        )
        body = self.page(owner, importacion)
        assert "hoja «Enero»" in body
        assert "<td>Eva</td>" not in body
        body = self.read(owner, importacion, hoja="Febrero", desde="3")
        assert "hoja «Febrero»" in body
        assert "<td>Eva</td>" in body

    def test_the_letters(self, owner: Usuario) -> None:
        data = csv(TITULOS, "María;3001234567;1") + csv("José;3001234568;2", encoding="cp1252")
        importacion = upload(owner, data)
        body = self.page(owner, importacion)
        assert "1 línea tiene letras que no son UTF-8" in body
        assert "Windows (1252): José" in body
        body = self.read(owner, importacion, codificacion="cp1252")
        assert "<td>José</td>" in body
        assert "<td>María</td>" in body

    def test_formulas_and_hidden_rows(self, owner: Usuario) -> None:
        rows = [TITULOS.split(";"), ["Ana", "3001234567", "1"], ["Luis", "=A1", "2"], ["Eva", "3001234569", "3"]]
        importacion = upload(owner, filtered(rows, 4))
        body = self.page(owner, importacion)
        assert "1 fila de la hoja está oculta" in body
        assert "1 fórmula de la hoja nunca se calculó" in body
        assert "Fila 3: La columna B tiene una fórmula que nunca se calculó" in body
        assert "<td>Eva</td>" in body
        sample = signed_in(owner).post(f"{LISTA}{importacion.pk}/muestra/", form(importacion, sin_ocultas="on"))
        assert "<td>Eva</td>" not in sample.content.decode()
        signed_in(owner).post(f"{LISTA}{importacion.pk}/empezar/", form(importacion, sin_ocultas="on"))
        proceso.atender()
        body = self.page(owner, importacion)
        assert "1 leída + 1 rechazada + 1 oculta que se dejó fuera = 3 filas del archivo" in body

    def test_the_sum_of_a_file_with_an_open_quote(self, owner: Usuario) -> None:
        importacion = run(owner, csv(TITULOS, '"Ana;3001234567;1', "Luis;3001234568;2", "Eva;3001234569;2"))
        assert "1 leída + 2 rechazadas o repetidas = 3 filas del archivo" in self.page(owner, importacion)

    @pytest.mark.parametrize(
        "fields",
        [{}, {"desde": "x"}, {"desde": "-1"}, {"desde": "999999999999"}, {"codificacion": "rot13"}, {"hoja": "no hay"}],
    )
    def test_it_takes_any_form(self, owner: Usuario, fields: dict[str, str]) -> None:
        importacion = upload(owner, DATA)
        assert "Así se leerán las primeras filas" in self.read(owner, importacion, **fields)

    def test_it_says_why_it_cannot_be_read_so(self, owner: Usuario) -> None:
        importacion = upload(owner, DATA)
        assert limites.VACIO in self.read(owner, importacion, desde="50")
        assert limites.NO_ES_PLANILLA in self.read(owner, upload(owner, csv("a", "ñ")), codificacion="utf-16")
