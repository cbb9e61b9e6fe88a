"""The commits that PostgreSQL lost on purpose, and what is right to demand of the product after them.

A row that was made in the lost seconds does not exist any more, and its number may be another's: the messages of that
time are laid to the rows of their campaign and phone, by the harness's own notes (`posts`). Everything is demanded of
those as of all others: nobody twice, nobody left out, everything counted.

A *campaign* that was made in the lost seconds does not exist any more either. Its API caller saw 201, and sees 404
now. The product cannot know of it, so nobody can demand that it goes on, or that its messages are counted. What can be
demanded of it: nobody received two of its messages; none left once PostgreSQL had come back, but for the calls that
were under way; and no other row takes one of them for its own, which the oracle sees in that row.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.faults.conditions import LEASE_S
from tests.faults.load import Made
from tests.faults.oracle import Accepted, Row
from tests.faults.verdict import Kind, Violation

# A row that has another's phone is never sent to.
REPEATED: Final = "telefono_duplicado"


@dataclass(frozen=True, slots=True)
class Loss:
    """A return of PostgreSQL without its last commits.

    Args:
        until: when it answered again, a Unix second.
        vanished: the campaigns that had been made in what was lost.
    """

    until: float
    vanished: tuple[Made, ...]

    @property
    def over(self) -> float:
        """Return the last Unix second at which a message may be accepted for a row that is no more, claimed before."""
        return self.until + LEASE_S


def placed(
    accepted: Sequence[Accepted], rows: Sequence[Row], posts: Mapping[str, int], losses: Sequence[Loss]
) -> tuple[list[Accepted], list[Accepted]]:
    """Lay the messages of before a loss to the rows that stand for them now.

    Args:
        posts: each token's campaign.

    Returns:
        The messages, each with its row's id, and those of campaigns that are no more.
    """
    if not losses:
        return list(accepted), []
    by_id = {row.id: row for row in rows}
    by_phone = {(row.campana_id, row.telefono): row.id for row in rows if row.codigo != REPEATED}
    found: list[Accepted] = []
    forgotten: list[Accepted] = []
    for message in accepted:
        if any(of_vanished(message, loss) for loss in losses):
            forgotten.append(message)
            continue
        campana_id = posts.get(message.token)
        row = by_id.get(message.log_id) if message.log_id is not None else None
        named = row is not None and (row.campana_id, row.telefono) == (campana_id, message.to)
        instead = by_phone.get((campana_id, message.to)) if campana_id is not None else None
        if not named and instead is not None and any(message.at <= loss.over for loss in losses):
            message = replace(message, log_id=instead)
        found.append(message)
    return found, forgotten


def of_vanished(message: Accepted, loss: Loss) -> bool:
    """Tell whether a campaign that is no more had sent it: no other says these words."""
    return any(made.says(message.body) for made in loss.vanished)


def judge_forgotten(forgotten: Collection[Accepted], losses: Sequence[Loss]) -> Iterator[Violation]:
    """The people who received two messages of a campaign that is no more, and messages that left after it was gone."""
    for message in forgotten:
        if any(of_vanished(message, loss) and message.at > loss.over for loss in losses):
            text = f"{message.sid} to {message.to} left for a campaign that is no more"
            yield Violation(Kind.WRONG, 0, message.log_id, text)
    by_person: dict[tuple[str, str], list[str]] = defaultdict(list)
    for message in forgotten:
        by_person[message.to, message.body].append(message.sid)
    for (phone, _), sids in by_person.items():
        for sid in sids[1:]:
            yield Violation(Kind.DUPLICATED, 0, None, f"{phone} also received {sid}, of a campaign that is no more")
