"""The way from the file to the shop's clients: upserts, duplicates, all or nothing, other shops."""

from typing import Any

import pytest

from clientes.importacion import proceso, services
from clientes.importacion.filas import FALTA_DOCUMENTO, FALTA_TELEFONO, TELEFONO_INVALIDO
from clientes.importacion.opciones import Opciones
from clientes.models import Cliente, Etiqueta, Importacion, ImportacionTrozo
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from tests.clientes.importacion.support import clients, counts, csv, problems, run, upload
from tests.factories import ClienteFactory, EtiquetaFactory
from tests.pages import get

TITULOS = "nombre;telefono;documento;etiquetas;activo"


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    ana = ClienteFactory.create(usuario=owner, nombre="Ana", telefono="300 123 4567", documento="1.020")
    ana.etiquetas.add(EtiquetaFactory.create(usuario=owner, nombre="VIP"))
    return ana


MATRIX: list[tuple[str, str, str, dict[str, Any], str]] = [
    # (key, row, name of the case, what changes of Ana, the count that is 1)
    ("documento", "Ana;300 123 4567;1.020;VIP;sí", "all the same", {}, "sin_cambios"),
    ("documento", ";;1.020;;", "empty cells keep", {}, "sin_cambios"),
    ("documento", "Ana;(300) 123-4567;1.020;vip;1", "the same in other words", {}, "sin_cambios"),
    ("documento", "Ana María;;1 020;;", "name, and the document in another form",
     {"nombre": "Ana María", "documento": "1 020"}, "actualizadas"),
    ("documento", ";3109998877;1.020;;", "phone", {"telefono": "3109998877"}, "actualizadas"),
    ("documento", ";;1.020;;no", "activo", {"activo": False}, "actualizadas"),
    ("documento", ";;1.020;Nueva;", "a tag is added", {"etiquetas": {"VIP", "Nueva"}}, "actualizadas"),
    ("telefono", "Ana;+57 300 1234567;;;", "by phone", {}, "sin_cambios"),
    ("telefono", "Ana Paula;3001234567;777;;", "by phone, the document changes",
     {"nombre": "Ana Paula", "documento": "777"}, "actualizadas"),
    ("documento", "Otra;3001234567;999;;", "another document is another client", {}, "creadas"),
    ("telefono", "Otra;3001112233;1.020;;", "another phone is another client", {}, "creadas"),
    ("ninguna", "Ana;300 123 4567;1.020;VIP;sí", "always create", {}, "creadas"),
]  # fmt: skip


@pytest.mark.parametrize(("clave", "row", "case", "changes", "count"), MATRIX, ids=[f"{m[0]}: {m[2]}" for m in MATRIX])
def test_upserts(
    clave: str, row: str, case: str, changes: dict[str, Any], count: str, ana: Cliente, owner: Usuario
) -> None:
    importacion = run(owner, csv(TITULOS, row), clave=clave)
    assert counts(importacion).pop(count) == 1
    ana.refresh_from_db()
    expected = {"nombre": "Ana", "telefono": "300 123 4567", "documento": "1.020", "activo": True} | changes
    tags = expected.pop("etiquetas", {"VIP"})
    assert {name: getattr(ana, name) for name in expected} == expected
    assert {e.nombre for e in ana.etiquetas.all()} == tags
    assert ana.telefono_e164 == ("+573109998877" if "telefono" in changes else "+573001234567")
    assert Cliente.objects.count() == (2 if count == "creadas" else 1)


def test_a_column_that_is_not_chosen_keeps_its_field(ana: Cliente, owner: Usuario) -> None:
    data = csv(TITULOS, "Otra cosa;3109998877;1.020;Nueva;no")
    importacion = run(owner, data, columnas={"documento": 2, "activo": 4})
    assert counts(importacion) == {"actualizadas": 1}
    assert clients(owner) == [("Ana", "+573001234567", "1.020", "VIP", False)]


def test_twice_the_same_file_changes_nothing(owner: Usuario) -> None:
    data = csv(TITULOS, "Ana;3001234567;1;VIP, Norte;sí", "Luis;3107654321;2;norte;no", "Eva;;3;;")
    assert counts(run(owner, data)) == {"creadas": 3}
    before = clients(owner)
    assert before[0] == ("Ana", "+573001234567", "1", "Norte,VIP", True)
    assert counts(run(owner, data)) == {"sin_cambios": 3}
    assert clients(owner) == before
    assert Etiqueta.objects.count() == 2


def test_bad_rows_are_told_with_all_their_reasons(owner: Usuario) -> None:
    data = csv(
        TITULOS,
        "Ana;3001234567;1;;",
        "Luis;12;2;;",
        "Eva;3001112233;;;",
        ";3001112244;4;;",
        f"{'x' * 151};3001112255;5;;quizás",
        "Sol;3001112266;6;;;;sobra",
        "Mar;3,00123E+09;7;;",
    )
    importacion = run(owner, data)
    assert [c[0] for c in clients(owner)] == ["Ana"]
    assert counts(importacion) == {"creadas": 1, "rechazadas": 6}
    found = {numero: motivo for numero, _, motivo in problems(importacion)}
    assert found[3] == TELEFONO_INVALIDO.format(valor="12")
    assert found[4] == FALTA_DOCUMENTO
    assert found[5].startswith("Falta el nombre")
    assert "150 caracteres" in found[6]
    assert "«quizás»" in found[6]
    assert "separador" in found[7]
    assert "Excel abrevió" in found[8]


def test_an_invalid_phone_is_taken_when_the_person_says_so(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Luis;12;2;;"), telefono_invalido=True)
    assert counts(importacion) == {"creadas": 1}
    cliente = Cliente.objects.get()
    assert (cliente.telefono, cliente.telefono_e164, cliente.movil, cliente.pais) == ("12", "", False, "")


def test_the_country_of_the_phone_comes_with_it(owner: Usuario) -> None:
    run(owner, csv(TITULOS, "Luis;3001234567;2;;", "Eva;+34612345678;3;;"))
    run(owner, csv(TITULOS, "Luis;+14155552671;2;;", "Eva;;3;;"))
    assert list(Cliente.objects.order_by("documento").values_list("pais", flat=True)) == ["US", "ES"]


def test_the_phone_must_be_valid_to_find_a_client_by_it(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Luis;12;2;;", "Eva;;3;;"), clave="telefono", telefono_invalido=True)
    assert [motivo for *_, motivo in problems(importacion)] == [FALTA_TELEFONO] * 2


def test_a_repeated_key_takes_the_first_row_and_shows_the_others(owner: Usuario) -> None:
    data = csv(TITULOS, "Ana;3001234567;1;;", "Ana B;3001112233;1;;", ";3001112244;9;;", "Eva;3001112255;9;;")
    importacion = run(owner, data)
    assert [c[0] for c in clients(owner)] == ["Ana", "Eva"]
    assert counts(importacion) == {"creadas": 2, "repetidas": 1, "rechazadas": 1}
    # Row 4 is bad for another reason, so row 5 is the first with its document.
    assert problems(importacion)[0] == (3, "repetida", "Repite el documento de la fila 2.")


def test_a_phone_of_two_rows_is_repeated_when_it_is_the_key(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Ana;3001234567;1;;", "Luis;+57 300 123 45 67;2;;"), clave="telefono")
    assert counts(importacion) == {"creadas": 1, "repetidas": 1, "telefonos_repetidos": 2}


def test_shared_phones_are_taken_and_shown(ana: Cliente, owner: Usuario) -> None:
    data = csv(TITULOS, "Luis;3001234567;2;;", "Eva;3107654321;3;;", "Sol;310 765 4321;4;;", "Mar;3001112233;5;;")
    importacion = run(owner, data)
    assert counts(importacion) == {"creadas": 4, "telefonos_repetidos": 3}
    shown = dict(importacion.detalle.exclude(aviso="").values_list("numero", "aviso"))
    assert shown == {
        2: "Mismo teléfono que el cliente «Ana».",
        3: "Mismo teléfono que la fila 4.",
        4: "Mismo teléfono que la fila 3.",
    }
    assert importacion.detalle.count() == 3  # what nobody has to see is gone


def test_two_known_clients_with_the_key_are_nobodys_guess(ana: Cliente, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, nombre="Otra", documento="1020", telefono="3001234567")
    for clave in ("documento", "telefono"):
        importacion = run(owner, csv(TITULOS, "Nueva;3001234567;1020;;"), clave=clave)
        assert counts(importacion)["rechazadas"] == 1
        assert problems(importacion)[0][2].startswith("Hay 2 clientes con este")
    assert {c[0] for c in clients(owner)} == {"Ana", "Otra"}


@pytest.mark.parametrize("bad", ["Luis;12;2;;", "Luis;3001112233;1;;", ";3001112233;2;;"])
def test_all_or_nothing_leaves_nothing(bad: str, owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Ana;3001234567;1;VIP;", bad), modo="todo")
    assert importacion.estado == Importacion.Estado.RECHAZADA
    assert importacion.rechazadas + importacion.repetidas == 1
    assert not Cliente.objects.exists()
    assert not Etiqueta.objects.exists()
    assert not ImportacionTrozo.objects.exists()


def test_the_good_rows_may_be_taken_after_all(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Ana;3001234567;1;VIP;", "Luis;3001112233;1;;", "Eva;12;3;;"), modo="todo")
    services.importar_buenas(importacion=importacion)
    proceso.atender()
    importacion.refresh_from_db()
    assert importacion.estado == Importacion.Estado.COMPLETADA
    assert counts(importacion) == {"creadas": 1, "rechazadas": 1, "repetidas": 1}
    with pytest.raises(ConflictError):
        services.importar_buenas(importacion=importacion)


def test_all_or_nothing_takes_all_when_all_are_good(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Ana;3001234567;1;;", "Luis;3001234567;2;;"), modo="todo")
    assert importacion.estado == Importacion.Estado.COMPLETADA
    assert counts(importacion) == {"creadas": 2, "telefonos_repetidos": 2}


def test_another_shops_clients_are_never_touched(ana: Cliente, owner: Usuario, stranger: Usuario) -> None:
    before = clients(owner)
    for clave in ("documento", "telefono", "ninguna"):
        importacion = run(stranger, csv(TITULOS, f"Ajena {clave};3001234567;1020;VIP;no"), clave=clave)
        assert not importacion.detalle.filter(aviso__contains="Ana").exists()
    assert clients(owner) == before
    assert Etiqueta.objects.filter(usuario=stranger, nombre="VIP").exists()
    assert ana.etiquetas.get().usuario == owner


def test_an_anonymised_client_is_not_found(owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, nombre="Anónimo", telefono="", documento="")
    assert counts(run(owner, csv(TITULOS, "Ana;3001234567;1;;"))) == {"creadas": 1}


@pytest.mark.parametrize(
    ("opciones", "field"),
    [
        ({"columnas": {"nombre": 0}}, "columnas.documento"),
        ({"columnas": {"nombre": 0}, "clave": "telefono"}, "columnas.telefono"),
        ({"columnas": {"documento": 2}, "clave": "ninguna"}, "columnas.nombre"),
        ({"columnas": {"documento": 9}}, "columnas.documento"),
        ({"columnas": {"documento": -1}}, "columnas.documento"),
        ({"columnas": {"documento": 2, "nombre": 2}}, "columnas.nombre"),
        ({"columnas": {"total": 2}}, "columnas.total"),
        ({"clave": "referencia"}, "clave"),
        ({"clave": "x"}, "clave"),
    ],
)
def test_a_choice_without_sense_is_refused(opciones: dict[str, Any], field: str, owner: Usuario) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        run(owner, csv(TITULOS, "Ana;3001234567;1;;"), **opciones)
    assert refusal.value.field == field


def test_it_starts_once(owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "Ana;3001234567;1;;"))
    with pytest.raises(ConflictError):
        services.empezar(importacion=importacion, opciones=Opciones(columnas=importacion.columnas))
    with pytest.raises(ConflictError):
        services.descartar(importacion=importacion)


def test_a_file_can_be_thrown_away(owner: Usuario) -> None:
    services.descartar(importacion=upload(owner, csv(TITULOS, "Ana;3001234567;1;;")))
    assert not Importacion.objects.exists()
    assert not ImportacionTrozo.objects.exists()


def test_so_many_files_wait_and_no_more(owner: Usuario, stranger: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait in the database, which is everybody's disk."""
    monkeypatch.setattr(services, "ARCHIVOS_MAX", 2)
    data = csv(TITULOS, "Ana;3001234567;1;;")
    first, _ = upload(owner, data), upload(owner, data)
    with pytest.raises(InvalidInputError, match="descarte alguno") as refused:
        upload(owner, data)
    assert refused.value.field == "archivo"
    assert Importacion.objects.filter(usuario=owner).count() == 2
    upload(stranger, data)

    services.descartar(importacion=first)

    run(owner, data)  # once it is in the shop its file is gone
    upload(owner, data)


def test_all_whom_a_file_names_get_its_tag(owner: Usuario) -> None:
    """The new, the changed and those who stay as they are; the page then leads to them, and to a message to them."""
    run(owner, csv("nombre,documento,etiquetas", "Ana,1,VIP"))
    file = csv("nombre,documento,etiquetas", "Ana,1,VIP", "Luis,2,feria", "Eva,3,", ",4,")
    done = run(owner, file, etiqueta="Feria")
    tagged = {nombre: tags.lower() for nombre, _, _, tags, _ in clients(owner)}
    assert tagged == {"Ana": "feria,vip", "Eva": "feria", "Luis": "feria"}
    assert (done.creadas, done.actualizadas, done.rechazadas) == (2, 1, 1)
    etiqueta = Etiqueta.objects.get(usuario=owner, nombre__iexact="feria")
    body = get(owner, f"/clientes/importar/{done.pk}/")
    for said in (f"/campanas/nueva/?etiquetas={etiqueta.pk}", f"/clientes/?etiqueta={etiqueta.pk}"):
        assert said in body, said
    with pytest.raises(InvalidInputError):
        run(owner, file, etiqueta="x" * 41)
