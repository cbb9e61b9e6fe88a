"""All that is kept about one person comes out as a file, for the admin of that shop only."""

import json
from datetime import date, time
from typing import Any

import pytest

from campaigns.api.expediente import EJEMPLO
from campaigns.bajas.services import registrar
from campaigns.models import Contacto, Entrante
from clientes.models import Cliente, Importacion, ImportacionFila
from clientes.rne.services import importar_lista
from core.models import Usuario
from tests.conftest import signed_in
from tests.factories import (
    CampanaFactory,
    ClienteFactory,
    EtiquetaFactory,
    VentaFactory,
    open_lote,
    sms_log,
)
from tests.pages import signed_in as browser

ANA, LUIS = "+573001112233", "+573004445566"
OTRO = "GRANATE"  # in everything that is about somebody else


@pytest.fixture
def ana(owner: Usuario, stranger: Usuario) -> Cliente:
    """A client of whom there is something of each kind, as there is of another client and in another shop."""
    made = [
        _known(owner, "Ana", ANA, "", "1020304050"),
        _known(owner, f"Luis {OTRO}", LUIS, OTRO, "99887766"),
        _known(stranger, f"Ana {OTRO}", ANA, OTRO, "1020304050"),
    ]
    return made[0]


def _known(usuario: Usuario, nombre: str, telefono: str, mark: str, documento: str) -> Cliente:
    consent = {
        "consentimiento_fuente": f"Caja {mark}".strip(),
        "consentimiento_en": date(2026, 1, 2),
        "consentimiento_hora": time(16, 20),
        "consentimiento_medio": "persona",
        "consentimiento_texto": f"Acepto {mark}".strip(),
        "consentimiento_lugar": f"Local 2 {mark}".strip(),
    }
    cliente = ClienteFactory.create(usuario=usuario, nombre=nombre, telefono=telefono, documento=documento, **consent)
    cliente.etiquetas.add(EtiquetaFactory.create(usuario=usuario, nombre=f"VIP {mark}{telefono}"))
    campana = CampanaFactory.create(usuario=usuario, nombre=f"Marzo {mark}")
    sms_log(campana, open_lote(campana, [cliente]), cliente, telefono=telefono, mensaje=f"Hola {mark}")
    VentaFactory.create(cliente=cliente, referencia=f"F-1{mark}")
    Entrante.objects.create(usuario=usuario, sid=f"SM{cliente.pk}", telefono=telefono, texto=f"¿Hay en azul? {mark}")
    Contacto.objects.create(usuario=usuario, dia=date(2026, 1, 5), telefono=telefono, n=1, campana=campana)
    registrar(usuario=usuario, telefono=telefono, motivo=f"Lo pidió {mark}", evidencia=f"Carpeta 3 {mark}")
    importar_lista(usuario=usuario, telefonos=[telefono], consultado_en=date(2026, 1, 3), reemplaza=False)
    archivo = Importacion.objects.create(usuario=usuario, archivo=f"lista{mark}.csv")
    ImportacionFila.objects.create(importacion=archivo, numero=2, celdas=[nombre, telefono[3:], "x"])
    ImportacionFila.objects.create(importacion=archivo, numero=3, celdas=[f"Ana Otra {OTRO}", "3009990000"])
    return cliente


def test_it_gathers_what_is_kept_of_one_person(ana: Cliente, owner: Usuario) -> None:
    answer = signed_in(owner).get(f"/api/v1/clientes/{ana.pk}/expediente/")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    assert found.keys() == EJEMPLO.keys()
    assert OTRO not in answer.content.decode()
    assert (found["cliente"]["nombre"], found["cliente"]["documento"]) == ("Ana", "1020304050")
    assert found["cliente"]["etiquetas"] == [f"VIP {ANA}"]
    assert found["consentimiento"] == {
        "fuente": "Caja",
        "fecha": "2026-01-02",
        "hora": "16:20:00",
        "medio": "persona",
        "texto": "Acepto",
        "lugar": "Local 2",
        "revocado_en": "2026-01-03",
        "historia": [],
    }
    assert found["registro_de_numeros_excluidos"]["desde"] == "2026-01-03"
    assert len(found["registro_de_numeros_excluidos"]["ultima_consulta"]["sha256"]) == 64
    assert [row["referencia"] for row in found["ventas"]] == ["F-1"]
    assert [(row["campana"].strip(), row["mensaje"].strip()) for row in found["mensajes"]] == [("Marzo", "Hola")]
    assert [row["texto"].strip() for row in found["respuestas"]] == ["¿Hay en azul?"]
    assert found["contactos_por_dia"] == [{"dia": "2026-01-05", "n": 1}]
    assert [row["celdas"] for row in found["filas_de_archivos"]] == [["Ana", ANA[3:], "x"]]
    [baja] = found["bajas"]
    assert (baja["vigente"], [said["motivo"].strip() for said in baja["historia"]]) == (True, ["Lo pidió"])


def test_the_page_gives_the_same_as_a_file(ana: Cliente, owner: Usuario, teammate: Usuario) -> None:
    answer = browser(owner).get(f"/clientes/{ana.pk}/expediente/")
    assert answer["Content-Disposition"] == f'attachment; filename="cliente-{ana.pk}.json"'
    assert answer["Cache-Control"] == "no-store, private"
    told = signed_in(owner).get(f"/api/v1/clientes/{ana.pk}/expediente/").json()
    assert {**json.loads(answer.content), "generado": ""} == {**told, "generado": ""}
    assert f"/clientes/{ana.pk}/expediente/" in browser(owner).get(f"/clientes/{ana.pk}/").content.decode()
    assert f"/clientes/{ana.pk}/expediente/" not in browser(teammate).get(f"/clientes/{ana.pk}/").content.decode()


def test_it_works_for_one_of_whom_little_is_known(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner, telefono="", documento="")
    found = signed_in(owner).get(f"/api/v1/clientes/{cliente.pk}/expediente/").json()
    assert found["registro_de_numeros_excluidos"] is None
    lists = ("bajas", "ventas", "mensajes", "respuestas", "contactos_por_dia", "filas_de_archivos")
    assert [found[name] for name in lists] == [[]] * len(lists)


def test_it_is_the_admins_alone(ana: Cliente, teammate: Usuario, stranger: Usuario) -> None:
    path = f"clientes/{ana.pk}/expediente/"
    for usuario, status in ((teammate, 403), (stranger, 404), (None, 401)):
        assert signed_in(usuario).get(f"/api/v1/{path}").status_code == status
    assert browser(teammate).get(f"/{path}").status_code == 403
    assert browser(stranger).get(f"/{path}").status_code == 404
