"""Every statement that writes an estado is declared here, and makes only moves of the tables in values/estados."""

import inspect
from importlib import import_module
from typing import Any, Final

import pytest

from campaigns.models import CampanaSMS, Lote, SMSLog
from campaigns.values import estados
from campaigns.values.estados import Move
from tests.workers.engine.statements_of_estado import Write, constants, in_code, writes
from workers.engine.message import ledger, receipts
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Permanent, Retryable

MOVES: Final[dict[str, tuple[Move[Any], ...]]] = {
    "campanasms": estados.DE_CAMPANA,
    "lote": estados.DE_LOTE,
    "smslog": estados.DE_SMS,
}
MODELS: Final[dict[str, type[CampanaSMS] | type[Lote] | type[SMSLog]]] = {
    "campanasms": CampanaSMS,
    "lote": Lote,
    "smslog": SMSLog,
}

# statement, table: what it does, as "from, from > to | …"; nothing on the left of a row that is new.
STATEMENTS: Final = {
    ("campaigns.audiencia.seleccion.CONGELAR_SQL", "lote"): "> pendiente",
    ("campaigns.campana.reintentos.REABRIR_SQL", "lote"): "cerrado > pendiente",
    ("workers.engine.campaign.final.FINISH_SQL", "campanasms"): (
        "cancelado > cancelado | procesando, pausado > completado | pendiente, procesando, pausado > error"
    ),
    ("workers.engine.campaign.final.SENT_AFTER_ALL_SQL", "campanasms"): "error > completado",
    ("workers.engine.campaign.plazo.FAIL_SQL", "smslog"): "pendiente, incierto > fallido",
    ("workers.engine.lote.prueba.TAKEN_SQL", "smslog"): "pendiente > enviando",
    ("workers.engine.lote.prueba.ANSWERED_SQL", "smslog"): "enviando > enviado | enviando > fallido",
    ("workers.engine.lote.closing.AGAIN_SQL", "lote"): "abierto, por_conciliar > abierto",
    ("workers.engine.lote.closing.DOUBTFUL_SQL", "lote"): "abierto, por_conciliar > por_conciliar",
    ("workers.engine.lote.closing.CLOSED_SQL", "lote"): "abierto, por_conciliar > cerrado",
    ("workers.engine.lote.closing.CANCEL_SQL", "smslog"): "pendiente > fallido",
    ("workers.engine.lote.aside.ASIDE_SQL", "smslog"): "pendiente > fallido",
    ("workers.engine.lote.cupos.REJUZGAR_SQL", "smslog"): "pendiente > fallido",
    ("workers.engine.lote.cupos.SIN_CONTACTO_SQL", "smslog"): "pendiente > fallido",
    ("workers.engine.lote.opening.OPEN_SQL", "smslog"): "> pendiente | > fallido",
    ("workers.engine.lote.opening.AGAIN_SQL", "smslog"): "fallido > pendiente | fallido > fallido",
    ("workers.engine.lote.opening.DROPPED_SQL", "smslog"): "enviado > fallido",
    ("workers.engine.lote.opening.OPENED_SQL", "lote"): "pendiente > abierto",
    ("workers.engine.lote.quarantine.ROWS_SQL", "smslog"): "pendiente > incierto",
    ("workers.engine.lote.quarantine.LOTE_SQL", "smslog"): "pendiente > incierto",
    ("workers.engine.message.doubts.SENT_SQL", "smslog"): "incierto > enviado",
    ("workers.engine.message.doubts.FREE_SQL", "smslog"): "incierto > pendiente",
    ("workers.engine.message.doubts.FREE_SQL", "lote"): "abierto, por_conciliar > abierto",
    ("workers.engine.message.doubts.REFUSED_SQL", "smslog"): "incierto > fallido",
    ("workers.engine.message.ledger.CLAIM_SQL", "smslog"): "pendiente, enviando > enviando",
    ("workers.engine.message.ledger.OUTCOME_SQL", "smslog"): (
        "enviando, incierto, pendiente, enviado > enviado | enviando, incierto > fallido"
        " | enviando, incierto > pendiente | enviando, incierto > incierto"
    ),
    ("workers.engine.message.ledger.EXPIRE_SQL", "smslog"): "enviando > incierto",
    ("workers.engine.message.memory.POSTED_SQL", "smslog"): "pendiente, incierto > incierto",
    ("workers.engine.message.memory.SENT_SQL", "smslog"): "pendiente, enviando, incierto > enviado",
    ("workers.engine.message.optouts.FAIL_SQL", "smslog"): "pendiente, enviando > fallido",
    ("workers.engine.message.given_up.FORGOTTEN_SQL", "smslog"): "fallido > enviado",
    ("workers.engine.message.given_up.SENT_SQL", "smslog"): "fallido > enviado",
    ("workers.engine.message.refusals.FREE_SQL", "smslog"): "fallido > pendiente",
    ("workers.engine.message.receipts.QUARANTINED_SQL", "smslog"): "pendiente, incierto > enviado",
    ("workers.engine.message.receipts.RECEIPTS_SQL", "smslog"): "pendiente, enviando, incierto > enviado",
}

# Guards that stand elsewhere than in the WHERE on the row's own estado.
ELSEWHERE: Final[dict[tuple[str, str], set[str]]] = {
    # An overdue campaign ends from every estado.
    ("workers.engine.campaign.final.FINISH_SQL", "campanasms"): {"pendiente", "pausado"},
    # The parameter `estado`: see `plazo.enforce`.
    ("workers.engine.campaign.plazo.FAIL_SQL", "smslog"): {"pendiente", "incierto"},
    # `closing.close` has locked the Lote and looked.
    ("workers.engine.lote.closing.AGAIN_SQL", "lote"): set(estados.LOTES_EN_CURSO),
    ("workers.engine.lote.closing.DOUBTFUL_SQL", "lote"): set(estados.LOTES_EN_CURSO),
    ("workers.engine.lote.closing.CLOSED_SQL", "lote"): set(estados.LOTES_EN_CURSO),
    # `reintentos.elegidos` has chosen the rows.
    ("workers.engine.lote.opening.AGAIN_SQL", "smslog"): {"fallido"},
    # `opening.open_next` has locked one that is pending.
    ("workers.engine.lote.opening.OPENED_SQL", "lote"): {"pendiente"},
    # A Lote with an uncertain row is not closed.
    ("workers.engine.message.doubts.FREE_SQL", "lote"): set(estados.LOTES_EN_CURSO),
    # The parameter `open`.
    ("workers.engine.message.receipts.RECEIPTS_SQL", "smslog"): set(receipts.OPEN),
}

OUTCOMES: Final = (
    Accepted("SM1", "queued", 1),
    Permanent("21211", "no"),
    Ambiguous("500", "?"),
    Retryable("429", "later", throttled=True),
    Account("20003", "no"),
    ledger.NotPosted(),
)
# Targets that a parameter brings.
BROUGHT: Final[dict[tuple[str, str], set[str]]] = {
    ("workers.engine.message.ledger.OUTCOME_SQL", "smslog"): {ledger._decide(one)[0] for one in OUTCOMES},
}

# function: what it writes through the ORM.
CODE: Final = {
    "campaigns.campana.services.mover_campana": tuple(estados.MOVES),
    "campaigns.vista_previa.aprobaciones.decidir": "pendiente > cancelado",
    "workers.engine.campaign.campana._start": ("iniciar",),
    "workers.engine.campaign.pausas._pause": ("pausar",),
    "workers.engine.campaign.pausas.resume_if_due": ("reanudar",),
}
# What has an estado and is none of the three, or is no row.
OTHERS: Final = {
    "campaigns.bitacora.ganchos.cambiar": "a Gancho",
    "campaigns.bitacora.ganchos.desactivar": "a Gancho and its EntregaGancho",
    "campaigns.cierre.services._terminar": "a CierreDiario",
    "campaigns.cierre.services.guardar_busqueda": "a CierreDiario",
    "campaigns.cierre.services.guardar_pagina": "a CierreDiario",
    "campaigns.programaciones.ocurrencias._crear": "an Ocurrencia",
    "campaigns.programaciones.services.ejecutar_programacion": "an Ocurrencia",
    "workers.alerts.deliver.record": "an EntregaAlerta",
    "workers.alerts.hooks._disable": "an EntregaGancho",
    "workers.alerts.hooks.record": "an EntregaGancho",
    "workers.engine.campaign.plazo._fail": "the parameters of FAIL_SQL",
    "workers.engine.lote.opening.open_sql": "the text of OPEN_SQL",
    "workers.engine.lote.opening.open_next": "the Lote in memory, after OPENED_SQL",
}


def pairs(text: str) -> set[tuple[str | None, str]]:
    """Return the moves that "a, b > c | > d" means."""
    found: set[tuple[str | None, str]] = set()
    for move in text.split("|"):
        de, a = move.split(">")
        found |= {(one.strip() or None, a.strip()) for one in de.split(",")}
    return found


def faults(
    write: Write,
    declared: set[tuple[str | None, str]],
    *,
    elsewhere: set[str] | None = None,
    brought: set[str] | None = None,
) -> list[str]:
    """List what is wrong with a statement, as it is declared; nothing when all is well.

    Args:
        elsewhere: sources that its WHERE need not name.
        brought: targets that a parameter brings.
    """
    table = {pair for move in MOVES[write.table] for pair in move.pairs}
    found = [f"{de} > {a} is no move" for de, a in declared if de != a and (de, a) not in table]
    if {a for _, a in declared} != write.targets | (brought or set()):
        found.append(f"it sets {sorted(write.targets)}")
    named = write.sources | (elsewhere or set())
    if {de for de, _ in declared} != (named or {None}):
        found.append(f"its guard names {sorted(named)}")
    return found


FOUND: Final = {(name, write.table): write for name, sql in constants() for write in writes(sql)}


def test_each_statement_that_writes_an_estado_is_declared() -> None:
    assert set(FOUND) == set(STATEMENTS)


@pytest.mark.parametrize(("name", "table"), STATEMENTS, ids=lambda one: one.removeprefix("workers.engine."))
def test_each_statement_makes_moves_of_the_table(name: str, table: str) -> None:
    key = (name, table)
    declared = pairs(STATEMENTS[key])
    assert faults(FOUND[key], declared, elsewhere=ELSEWHERE.get(key), brought=BROUGHT.get(key)) == []


MUTANTS: Final = {
    "nobody makes a message that was sent pending again": (
        "UPDATE campaigns_smslog SET estado = 'pendiente' WHERE estado = 'enviado'",
        "enviado > pendiente",
    ),
    "a closed Lote is never just opened": (
        "UPDATE campaigns_lote SET estado = 'abierto' WHERE estado = 'cerrado'",
        "cerrado > abierto",
    ),
    "a Lote does not begin closed": (
        "INSERT INTO campaigns_lote (campana_id, estado) SELECT 1, 'cerrado' FROM x",
        "> cerrado",
    ),
    "it sets another than it says": (
        "UPDATE campaigns_smslog SET estado = 'enviado' WHERE estado = 'enviando'",
        "enviando > fallido",
    ),
    "one branch of its CASE": (
        "UPDATE campaigns_lote SET estado = CASE WHEN x THEN 'cerrado' ELSE 'pendiente' END WHERE estado = 'abierto'",
        "abierto > cerrado",
    ),
    "its guard lets more in than it says": (
        "UPDATE campaigns_smslog SET estado = 'fallido' WHERE estado IN ('enviando', 'incierto')",
        "enviando > fallido",
    ),
    "it has no guard": (
        "UPDATE campaigns_smslog s SET estado = 'fallido' FROM x WHERE s.id = x.id",
        "pendiente > fallido",
    ),
    "its guard is on another row": (
        "UPDATE campaigns_smslog s SET estado = 'fallido' WHERE EXISTS (SELECT FROM x r WHERE r.estado = 'pendiente')",
        "pendiente > fallido",
    ),
}


def test_the_estado_of_a_message_is_written_in_three_rooms() -> None:
    rooms = ("workers.engine.message.", "workers.engine.lote.", "workers.engine.campaign.plazo.")
    assert [name for name, table in STATEMENTS if table == "smslog" and not name.startswith(rooms)] == []


@pytest.mark.parametrize(("sql", "declared"), MUTANTS.values(), ids=MUTANTS)
def test_a_statement_that_makes_another_move_is_found(sql: str, declared: str) -> None:
    [write] = writes(sql)
    assert faults(write, pairs(declared))


def test_what_writes_an_estado_otherwise_is_declared() -> None:
    assert set(in_code()) == {*CODE, *OTHERS}


@pytest.mark.parametrize("name", CODE)
def test_each_function_makes_moves_of_the_table(name: str) -> None:
    module, _, function = name.rpartition(".")
    source = inspect.getsource(getattr(import_module(module), function))
    does = CODE[name]
    if isinstance(does, str):
        table = {pair for move in estados.DE_CAMPANA for pair in move.pairs}
        assert pairs(does) <= table
        for de, a in pairs(does):
            assert f"Estado.{str(de).upper()}" in source
            assert f"Estado.{a.upper()}" in source
    elif len(does) == 1:
        assert f'estados.MOVES["{does[0]}"]' in source
        assert "move.de" in source
        assert "move.a" in source
    else:  # any of them: `estados.may` says which
        assert "estados.MOVES[action].a" in source
        assert "estados.may(action" in source


@pytest.mark.parametrize("table", MODELS)
def test_a_new_row_begins_in_an_estado_of_the_table(table: str) -> None:
    default = MODELS[table]().estado
    assert (None, default) in {pair for move in MOVES[table] for pair in move.pairs}


@pytest.mark.parametrize("table", MODELS)
def test_each_estado_can_be_reached(table: str) -> None:
    assert {move.a for move in MOVES[table]} == set(MODELS[table].Estado)
