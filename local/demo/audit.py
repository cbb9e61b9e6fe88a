"""The campaign's rows against the simulator's own ledger, recipient by recipient."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from campaigns.values import codigos
from local.demo.sample import Muestra
from local.simulator.client import LedgerRow


@dataclass(slots=True)
class Audit:
    """Args:
    sent: recipients that are `enviado` and stand once in the ledger, with this text.
    failed: how many recipients failed, by (code, text).
    problems: every disagreement, as a sentence.
    """

    sent: int = 0
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def audit(muestras: list[Muestra], rows: Iterable[dict[str, Any]], ledger: Iterable[LedgerRow]) -> Audit:
    """Compare.

    Args:
        muestras: what must come of each client, in the order they were imported.
        rows: the campaign's logs from the API, in the order of sending.
        ledger: the messages the simulator accepted since the campaign was created.
    """
    found = Audit()
    accepted: dict[str, list[LedgerRow]] = {}
    for message in ledger:
        accepted.setdefault(message.sid, []).append(message)
    by_name = Counter((m.nombre, m.esperado) for m in muestras)
    for row in rows:
        who = f"{row['nombre']} ({row['telefono'] or 'no phone'})"
        by_name[row["nombre"], _expected(row, by_name)] -= 1
        if row["estado"] != "enviado":
            found.failed[row["codigo"], row["error"]] += 1
            if not (row["estado"] == "fallido" and row["codigo"] and row["error"]):
                found.problems.append(f"{who} ended {row['estado']} with code {row['codigo']!r}")
            continue
        messages = accepted.pop(row["twilio_sid"], [])
        if [(m.to, m.body) for m in messages] == [(row["telefono"], row["mensaje"])]:
            found.sent += 1
        else:
            found.problems.append(f"{who} is enviado, but the simulator holds {len(messages)} such messages")
    for (nombre, esperado), missing in by_name.items():
        if missing > 0:
            found.problems.append(f"{nombre} should have ended {esperado or 'enviado'}")
    for sid, messages in accepted.items():
        found.problems.append(f"the simulator accepted {sid} to {messages[0].to}, which no row knows")
    return found


def _expected(row: dict[str, Any], by_name: Counter[tuple[str, str]]) -> str:
    """The code that the row stands for: who opted out since an earlier demonstration ends so, whatever was to come."""
    if row["codigo"] != codigos.BAJA:
        return str(row["codigo"])
    return next((code for (name, code), left in by_name.items() if name == row["nombre"] and left > 0), codigos.BAJA)
