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
    instead: dict[int, int] = {}
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
            if not owner.twilio_sid:
                instead[holder.id] = owner.id
        found.append(message)
    # The holder's own message may be nobody's in the ledger, as where it can no longer be read: then it stands for the
    # row whose message the holder has.
    for n, message in enumerate(found):
        if message.sid not in credited and message.log_id in instead:
            owner = by_id[instead.pop(message.log_id)]
            if (message.to, message.body) == _says(owner):
                found[n] = replace(message, log_id=owner.id)
    return found, moved


def _says(row: Row) -> tuple[str, str]:
    return row.telefono, row.mensaje
