"""The questions that are asked every few seconds read the open Lotes by their index, and never all that was ever sent;
so does what is asked for every callback."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.db import connection

from campaigns.campana.embudo import EMBUDO_SQL, SEGMENTOS_SQL
from campaigns.campana.selectors import PROGRESO_SQL
from campaigns.models import CampanaSMS, Lote, SMSLog
from tests.factories import CampanaFactory
from tests.plans import Planner
from tests.workers.engine.conftest import Running
from workers.alerts.stalls import STALLED_SQL
from workers.engine.lote.entregas import COUNT_PARAMS, COUNT_SQL
from workers.engine.message.doubts import KNOWN_SQL, LATER_SQL, SENT_SQL
from workers.engine.message.ledger import CLAIM_SQL
from workers.engine.message.optouts import FAIL_SQL
from workers.engine.message.receipts import HOLDER_SQL, RECEIPTS_SQL
from workers.engine.message.reconciler import DUE_SQL
from workers.engine.message.witnesses import CHOOSE_SQL
from workers.engine.rounds.sweeper import MOVABLE_SQL

HISTORY = """
INSERT INTO campaigns_smslog (campana_id, lote_id, nombre, telefono, mensaje, estado, codigo, error, twilio_sid,
    entrega, entrega_codigo, intentos, ausencias, creado, actualizado)
SELECT %(campana)s, %(lote)s, '', 'x' || n, repeat('Hola ', 32), 'enviado', '', '', 'SM' || n,
    '', '', 1, 0, now(), now()
FROM generate_series(%(first)s, %(first)s + 499) n
"""
LOTES = 40
LEARNT = (SMSLog, CampanaSMS, Lote)
# Two Lotes that were sent at the same time.
FEW = """
UPDATE campaigns_smslog SET lote_id = CASE WHEN id %% 2 = 0 THEN %(lote)s ELSE %(other)s END WHERE lote_id = %(lote)s
"""


@pytest.fixture(params=["nothing", "two Lotes", "all"])
def seen(request: pytest.FixtureRequest) -> str:
    """Tell the planner what the messages look like."""
    return str(request.param)


@pytest.fixture
def history(seen: str, planner: Planner, running: Running) -> Running:
    """Many messages of an older campaign."""
    old = CampanaFactory.create(usuario=running.campana.usuario)
    for numero in range(1, LOTES + 1):
        lote = old.lotes.create(numero=numero, cliente_ids=[], total=0, estado="abierto")
        params = {"campana": old.pk, "lote": lote.pk, "first": numero * 500, "other": running.lote.pk}
        with connection.cursor() as cursor:
            cursor.execute(HISTORY, params)
            if numero == 1 and seen == "two Lotes":
                cursor.execute(FEW, params)
                planner.learn(*LEARNT)
                cursor.execute("UPDATE campaigns_smslog SET lote_id = %(lote)s WHERE telefono LIKE 'x%%'", params)
    if seen == "all":
        planner.learn(*LEARNT)
    return running


def test_a_found_message_is_given_by_indexes(planner: Planner, history: Running) -> None:
    params: dict[str, Any] = CREDIT | {"sids": ["SM600"]}
    plan = planner.explain(SENT_SQL, params)
    assert "Seq Scan on campaigns_smslog" not in plan


@pytest.mark.parametrize("sql", [PROGRESO_SQL, MOVABLE_SQL], ids=["progress", "sweep"])
def test_it_goes_lote_by_lote(planner: Planner, history: Running, sql: str) -> None:
    params: dict[str, Any] = {"ids": [history.campana.pk], "window": 10, "desconocido": "desconocido", "patience": 5}
    plan = planner.explain(sql, params)
    assert "lote_id = l.id" in plan
    assert "Seq Scan on campaigns_smslog" not in plan
    assert "hashed" not in plan


def test_deliveries_and_stalls_are_looked_for_lote_by_lote(planner: Planner, history: Running) -> None:
    params = {**COUNT_PARAMS, "campana": history.campana.pk, "minutos": 10, "precio": None}
    for sql in (EMBUDO_SQL, SEGMENTOS_SQL, COUNT_SQL, STALLED_SQL):
        plan = planner.explain(sql, params)
        assert re.search(r"lote_id = (l(_\d)?|due)\.id", plan), plan
        assert "Seq Scan on campaigns_smslog" not in plan, plan


TOKEN = uuid.uuid4()
GROUP = range(1, 33)
RECEIPTS = {
    "ids": list(GROUP),
    "tokens": [TOKEN.hex for _ in GROUP],
    "sids": [f"SM{n}" for n in GROUP],
    "entregas": ["sent" for _ in GROUP],
    "codigos": ["" for _ in GROUP],
    "rangos": [3 for _ in GROUP],
    "open": ["incierto"],
}
HOLDER = {"id": 1, "token": TOKEN, "sid": "SM1", "entrega": "sent", "codigo": "", "rango": 3}
CREDIT: dict[str, Any] = {"id": 1, "token": TOKEN, "sids": ["SM1"], "entregas": [""], "codigos": [""]}
CREDIT |= {"juntos": [1, 2], "any_clock": timedelta(hours=26), "since": datetime(2026, 3, 1, tzinfo=UTC)}
CREDIT |= {"until": CREDIT["since"], "interval": 60.0}


LOOK: Final = {"sids": ["SM1", "SM2"], "phones": ["+573001112233"]}
CHOOSE: Final = {"senders": ["+15005550006", "85432"], "installation": "+15005550006", "account": "0" * 8}
LATER: Final = {
    "ids": [1],
    "tokens": ["0" * 32],
    "absences": [0],
    "misseds": [None],
    "hads": [0],
    "misseds_before": [None],
    "hastas": [None],
    "pauses": [60.0],
    "leasts": [60.0],
}


@pytest.mark.parametrize(
    ("sql", "params"),
    [(KNOWN_SQL, LOOK), (LATER_SQL, LATER), (CHOOSE_SQL, CHOOSE), (DUE_SQL, [500])],
    ids=["known", "later", "witnesses", "due"],
)
def test_a_look_reads_no_history(planner: Planner, history: Running, sql: str, params: Any) -> None:
    assert "Seq Scan on campaigns_smslog" not in planner.explain(sql, params)


@pytest.mark.parametrize(
    ("sql", "params"),
    [(RECEIPTS_SQL, RECEIPTS), (HOLDER_SQL, HOLDER), (SENT_SQL, CREDIT)],
    ids=["callbacks", "holder", "credit"],
)
def test_whose_message_it_is_is_asked_by_its_sid(planner: Planner, history: Running, sql: str, params: Any) -> None:
    plan = planner.explain(sql, params)
    assert "smslog_un_sid" in plan
    assert "Seq Scan on campaigns_smslog" not in plan


@pytest.mark.parametrize("sql", [CLAIM_SQL, FAIL_SQL], ids=["claim", "opted out"])
def test_it_claims_rows_by_their_key_and_not_through_another_index(
    planner: Planner, history: Running, sql: str
) -> None:
    ids = [log.pk for log in history.logs]
    params: dict[str, Any] = {
        "ids": ids,
        "tokens": [uuid.uuid4().hex for _ in ids],
        "held": [None for _ in ids],
        "lease": 45.0,
        "remitente": "+15005550006",
        "cuenta": "",
        "desde": None,
        "hasta": None,
        "codigo": "baja",
        "error": "",
    }
    plan = planner.explain(sql, params)
    assert "Index Cond: (id = n.id)" in plan
    assert "smslog_por" not in plan
    assert "smslog_con_lease" not in plan
    assert "Seq Scan on campaigns_smslog" not in plan
    assert "Seq Scan on clientes_baja" not in plan
