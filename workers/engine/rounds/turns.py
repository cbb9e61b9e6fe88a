"""Turns: many processes offer to do a task every few seconds, and one of them does it.

Each process has a timer of its own, and beat is one more, so that any live process can do the task. The process that
takes the turn notes the moment in PostgreSQL, and the others find that it was just done. A turn is not a lock: a
process that dies or is stopped in the middle costs one interval.
"""

from django.db import connection

SWEEP = "barrido"
RECONCILE = "conciliacion"
DELIVERIES = "entregas"
STALLS = "detenidas"
ALERTS = "alertas"
CORREOS = "correos"
HOOKS = "ganchos"

# A turn from the future (the database's clock was put back) is nobody's.
TAKE_SQL = """
INSERT INTO workers_turno AS t (tarea, tomado_en) VALUES (%(task)s, now())
ON CONFLICT (tarea) DO UPDATE SET tomado_en = now()
WHERE t.tomado_en <= now() - %(every)s * interval '1 second' OR t.tomado_en > now()
"""

DUE_SQL = """
SELECT extract(epoch FROM tomado_en - now()) + %(every)s FROM workers_turno
WHERE tarea = %(task)s AND tomado_en <= now()
"""


def take(task: str, *, every: float) -> bool:
    """Take the turn if it is due; True for one caller.

    Args:
        task: one of the constants above.
        every: seconds from one turn to the next.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE_SQL, {"task": task, "every": every})
        return bool(cursor.rowcount)


def due_in(task: str, *, every: float) -> float:
    """Seconds until the next turn; 0 or less when it is due."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, {"task": task, "every": every})
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0
