"""The owner of a message: by the address of its status callback, or by an exchange that nobody can notice.

When calls to one phone with the same words come back from nowhere, for two campaigns at once, Twilio's list shows the
messages and not for which of the two calls each was created. The product credits each message to one row. If it is the
other's, both rows were exchanged: each campaign's recipient received the words once. That is counted, and no fault; one
message that stands for two rows is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tests.faults.oracle import Accepted, Row


def exchanged(rows: Sequence[Row], accepted: Sequence[Accepted]) -> tuple[list[Accepted], int]:
    """The messages, each with the row that it counts for, and how many of them count for another than they were made
    for."""
    by_id = {row.id: row for row in rows}
    credited = {row.twilio_sid: row for row in rows if row.twilio_sid}
    claims = Counter(row.twilio_sid for row in rows)
    found: list[Accepted] = []
    moved = 0
    for message in accepted:
        holder = credited.get(message.sid)
        owner = by_id.get(message.log_id) if message.log_id is not None else None
        if (
            holder is not None
            and owner is not None
            and holder.id != owner.id
            and claims[message.sid] == 1
            and _says(holder) == _says(owner) == (message.to, message.body)
        ):
            message = replace(message, log_id=holder.id)
            moved += 1
        found.append(message)
    return found, moved


def _says(row: Row) -> tuple[str, str]:
    return row.telefono, row.mensaje
