import ast
import itertools
import re
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import CampanaSMS
from campaigns.values import estados
from campaigns.values.estados import ESPERAS, Aprobacion, EstadoCampana, EstadoLote, EstadoSMS, descansa, esperas_de
from core.models import Usuario
from tests.factories import CampanaFactory
from tests.workers.engine.statements_of_estado import modules

SPELT: Final = {*EstadoCampana.values, *EstadoLote.values, *EstadoSMS.values}
LITERAL: Final = re.compile(f"'(?:{'|'.join(sorted(SPELT))})'")


def docstrings(tree: ast.AST) -> set[ast.AST]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def test_no_statement_spells_an_estado_out() -> None:
    found = []
    for name, path in modules():
        tree = ast.parse(path.read_text())
        said = docstrings(tree)
        found += [
            f"{name}:{node.lineno}: {match[0]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said
            for match in LITERAL.finditer(node.value)
        ]
    assert found == []


def test_each_estado_has_a_look() -> None:
    assert set(estados.CAMPANAS) == set(EstadoCampana)
    assert set(estados.MENSAJES) == set(EstadoSMS)


def test_the_literals_are_those_of_the_enums() -> None:
    for names, values in ((estados.CAMPANA, EstadoCampana), (estados.LOTE, EstadoLote), (estados.SMS, EstadoSMS)):
        for estado in values:
            assert getattr(names, estado.name) == f"'{estado.value}'"
    assert estados.LOTE.EN_CURSO == "('abierto', 'por_conciliar')"


PAST, COMING = -timedelta(hours=1), timedelta(hours=1)
MOMENTS: Final = (None, PAST, COMING)


@pytest.mark.parametrize("estado", EstadoCampana)
def test_memory_the_database_and_the_orm_agree_on_what_it_waits_for(owner: Usuario, estado: str) -> None:
    now = timezone.now()
    shown = []
    for desde, hasta, aprobacion in itertools.product(MOMENTS, MOMENTS, Aprobacion.values):
        fields: dict[str, Any] = {
            "estado": estado,
            "aprobacion": aprobacion,
            "programada_para": now + desde if desde else None,
            "espera_hasta": now + hasta if hasta else None,
        }
        campana = CampanaFactory.build(usuario=owner, **fields)
        # A wait whose moment the engine clears lasts, for people, until it has done so.
        still = [espera for espera in esperas_de(campana, now) if not (espera.se_borra and hasta == PAST)]
        for espera in ESPERAS:
            sql = f"SELECT {espera.sql('c.')} FROM (SELECT %s::text AS estado, %s::text AS aprobacion,"
            sql += " %s::timestamptz AS programada_para, %s::timestamptz AS espera_hasta) c"
            with connection.cursor() as cursor:
                cursor.execute(sql, list(fields.values()))
                assert bool(cursor.fetchone()[0]) is (espera in still), (espera.clave, fields)
        shown += still
    assert bool(shown) is (estado in {espera.estado for espera in ESPERAS})


def test_the_orm_asks_the_same(owner: Usuario) -> None:
    now = timezone.now()
    waits = CampanaFactory.create(usuario=owner, programada_para=now + COMING)
    CampanaFactory.create(usuario=owner)
    assert list(CampanaSMS.objects.filter(estados.ESPERA_FECHA.q(now))) == [waits]
    assert not CampanaSMS.objects.filter(estados.ESPERA_APROBACION.q(now)).exists()
    CampanaSMS.objects.update(aprobacion=Aprobacion.PENDIENTE)
    assert CampanaSMS.objects.filter(estados.ESPERA_APROBACION.q(now)).count() == 2


def test_a_paused_campaign_rests_and_one_that_runs_does_not() -> None:
    now = timezone.now()
    assert descansa(CampanaSMS(estado="pausado"), now)
    assert descansa(CampanaSMS(estado="procesando", espera_hasta=now + PAST), now)
    assert not descansa(CampanaSMS(estado="procesando"), now)
    assert not descansa(CampanaSMS(estado="pendiente", programada_para=now + PAST), now)
