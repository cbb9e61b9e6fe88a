"""The crash points: the one table of places where a process can be made to die.

A place is a function of the product, by dotted path. The process dies just before the function runs, or just after
it has done its work and before its caller hears of it. A path that leads nowhere keeps the process from starting.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Process = Literal["worker", "web"]
Side = Literal["before", "after"]
SIDES: Final[tuple[Side, Side]] = ("before", "after")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the code at which a process can die.

    Args:
        name: for people, and for the file that arms it.
        target: dotted path of the function.
        process: which process runs it.
        often: whether it runs for every message; then it dies at one of the first forty passes, else at the first.
    """

    name: str
    target: str
    process: Process = "worker"
    often: bool = False


PLACES: Final = (
    Place("claim", "workers.engine.message.ledger.claim_many", often=True),
    Place("post", "workers.gateway.twilio.TwilioGateway.post", often=True),
    Place("outcome", "workers.engine.message.ledger.record_many", often=True),
    Place("give-back", "workers.engine.message.outbox._give_back", often=True),  # all durable, nothing acknowledged
    Place("publish", "workers.engine.publish.chords.publish"),
    Place("paced", "workers.engine.lote.paced.publish"),  # before: taken, and held by nobody; after: some are held
    Place("loose", "workers.engine.publish.chords.publish_loose"),
    Place("chord-size", "celery.backends.redis.RedisBackend.set_chord_size"),  # after: counted, and no part sent
    Place("count", "workers.broker.results.Backend.count", often=True),  # after: the callback is published
    Place("cerrar-lote", "workers.engine.lote.closing.close"),
    Place("open-lote", "workers.engine.lote.opening.open_next"),
    Place("advance", "workers.engine.campaign.campana.advance"),
    Place("finish", "workers.engine.campaign.final.finish"),
    Place("settle", "workers.engine.message.doubts.settle"),
    Place("turn", "workers.engine.rounds.turns.take"),  # after: the sweep that it stands for is not done
    Place("expire-leases", "workers.engine.message.ledger.expire_leases"),
    Place("receipt", "workers.engine.message.receipts.apply_apart", "web", often=True),
    Place("create", "campaigns.campana.services.crear_campana", "web"),
)


@dataclass(frozen=True, slots=True)
class Point:
    place: Place
    side: Side

    @property
    def label(self) -> str:
        return f"{self.side}-{self.place.name}"


def points() -> Iterator[Point]:
    """Both sides of every place."""
    for place in PLACES:
        for side in SIDES:
            yield Point(place, side)
