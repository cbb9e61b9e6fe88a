"""Every change of a row's estado, noted by a trigger in the run's own database, and the times that follow from it."""

from typing import Final

INSTALL: Final = """
CREATE TABLE IF NOT EXISTS harness_move (
    log_id bigint NOT NULL, de text NOT NULL, a text NOT NULL, quien text NOT NULL,
    en timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS harness_move_log ON harness_move (log_id, en);
-- Who waits for a cap is `fallido` in the ledger with a code of its own, and it is no end.
CREATE OR REPLACE FUNCTION harness_called(estado text, codigo text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN estado = 'fallido' AND codigo = 'tope' THEN 'aparte' ELSE estado END
$$;
CREATE OR REPLACE FUNCTION harness_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO harness_move (log_id, de, a, quien)
    VALUES (NEW.id, harness_called(OLD.estado, OLD.codigo), harness_called(NEW.estado, NEW.codigo),
        current_setting('application_name'));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER harness_note AFTER UPDATE OF estado ON campaigns_smslog
FOR EACH ROW WHEN (OLD.estado <> NEW.estado) EXECUTE FUNCTION harness_note();
CREATE TABLE IF NOT EXISTS harness_loss (id bigserial PRIMARY KEY);
"""

# Rows that a process held when it died, and how long after its death (or after the claim, if its statement reached
# PostgreSQL only then) each of them was held no more. NULL: it still is.
DETECTION: Final = """
WITH holds AS (
    SELECT m.log_id, m.a, m.quien, m.en, lead(m.en) OVER (PARTITION BY m.log_id ORDER BY m.en) AS hasta
    FROM harness_move m JOIN campaigns_smslog s ON s.id = m.log_id WHERE s.campana_id = ANY(%s)
)
SELECT h.log_id, extract(epoch FROM h.hasta - greatest(h.en, d.en)), extract(epoch FROM d.en)
FROM holds h
JOIN (SELECT n.quien, to_timestamp(n.en) AS en FROM unnest(%s::text[], %s::float8[]) AS n(quien, en)) d
    ON d.quien = h.quien
WHERE h.a = 'enviando' AND (h.hasta IS NULL OR h.hasta > d.en)
"""

# A campaign's last row and its end.
FINALIZATION: Final = """
SELECT c.id, extract(epoch FROM max(coalesce(
    (SELECT max(m.en) FROM harness_move m WHERE m.log_id = s.id AND m.a IN ('enviado', 'fallido')), s.creado))),
    extract(epoch FROM c.completado_en)
FROM campaigns_campanasms c JOIN campaigns_smslog s ON s.campana_id = c.id
WHERE c.id = ANY(%s) AND c.completado_en IS NOT NULL GROUP BY c.id
"""

MOVES: Final = """
SELECT m.log_id, m.de, m.a
FROM harness_move m JOIN campaigns_smslog s ON s.id = m.log_id WHERE s.campana_id = ANY(%s)
"""

HISTORY: Final = """
SELECT de, a, quien, en FROM harness_move WHERE log_id = %s ORDER BY en
"""


def worker_name(pid: int) -> str:
    """Return what a worker's connections call themselves."""
    return f"worker:{pid}"
