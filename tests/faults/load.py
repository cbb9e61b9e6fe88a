"""The load: campaigns of several shops, made through the API while everything breaks."""

import itertools
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.faults.api import Api
from tests.faults.database import Database
from tests.faults.recipients import TRIED_AGAIN, Fate, fates
from tests.faults.shops import Shop

# So many clients of each shop receive nothing but what PostgreSQL will lose. A message that no row has any more could
# be another row's to the same phone, in doubt some minutes later: that one is not sent again, and waits for its
# deadline (docs/engine.md, Proof).
OWN_PEOPLE: Final = 150
# The words that campaigns of several shops say to the same people at the same time: one in three campaigns.
SAME_WORDS: Final = "Hola {nombre}, tenemos nuevos productos en tienda"
ONE_IN: Final = 3
SIZES: Final = (20, 100, 250, 600, 1200)
# One campaign in so many, of so many recipients at most, goes out from a sender with a rate, in segments a second.
SLOW_ONE_IN: Final = 5
SLOW_MOST: Final = 250
SLOW_RATE: Final = "40"

UNFINISHED: Final = """
SELECT c.id, c.estado, c.total_clientes, (SELECT count(*) FROM campaigns_smslog s
    WHERE s.campana_id = c.id AND s.estado IN ('enviado', 'fallido'))
FROM campaigns_campanasms c WHERE c.completado_en IS NULL ORDER BY c.id
"""


class RefusedError(Exception):
    """The API refused what it should have taken."""


@dataclass(frozen=True, slots=True)
class Made:
    """A campaign that was asked for.

    Args:
        fates: what must become of each client, by id.
        serial: its place among all that were asked for, which is never another's.
        own_words: the end of its messages, if no other campaign's end so.
    """

    id: int
    api: Api
    fates: dict[int, Fate]
    serial: int = 0
    own_words: str = ""

    def says(self, body: str) -> bool:
        """Tell whether a message is certainly one of this campaign."""
        return bool(self.own_words) and body.endswith(self.own_words)


@dataclass(frozen=True, slots=True)
class Unfinished:
    id: int
    estado: str
    left: int


class Load:
    """Campaigns made, paused, resumed and cancelled.

    Attributes:
        made: by id.
        held: those that somebody paused on purpose and will resume.
        cancelled: those that somebody asked to cancel.
        retried: those whose failed recipients somebody asked to try again.
        doubted: those that were under way when PostgreSQL lost commits, or made before every worker had looked.
        looked_at: `time.monotonic()` from which every worker has looked at the PostgreSQL that lost commits.
        untimed: those that were under way while PostgreSQL's clock was set.
        vanished: those that PostgreSQL has lost.
    """

    def __init__(self, database: Database, url: str, shops: Sequence[Shop], rng: Random) -> None:
        self._database = database
        self._shops = [(shop, Api(url, shop.token)) for shop in shops]
        self._rng = rng
        self._serial = itertools.count(1)
        self.made: dict[int, Made] = {}
        self.held: set[int] = set()
        self.cancelled: set[int] = set()
        self.retried: set[int] = set()
        self.doubted: set[int] = set()
        self.looked_at = 0.0
        self.untimed: set[int] = set()
        self.vanished: list[Made] = []
        self.lock = threading.Lock()
        self._wished = threading.Event()
        self._senders: dict[tuple[str, bool], int] = {}
        self._sender_serial = itertools.count()

    def wish(self) -> None:
        """Ask for a campaign now, however many there are."""
        self._wished.set()

    def take_wish(self) -> bool:
        """Tell whether somebody asked for a campaign since the last time."""
        wished = self._wished.is_set()
        self._wished.clear()
        return wished

    def create(self, most: int, *, service: bool = False, its_own: bool = False) -> Made:
        """Make a campaign for `most` recipients or fewer; ask again until it is answered, under one key.

        Args:
            service: whether it goes out through a Messaging Service.
            its_own: whether its words and its people are no other campaign's, and its sender is the installation's.

        Raises:
            NoAnswerError, RefusedError: the API did not make it.
        """
        shop, api = self._rng.choice(self._shops)
        serial = next(self._serial)
        slow = not (service or its_own) and self._rng.randrange(SLOW_ONE_IN) == 0
        people = shop.clients[-OWN_PEOPLE:] if its_own else shop.clients[:-OWN_PEOPLE]
        count = min(most, self._rng.choice(SIZES), SLOW_MOST if slow else len(people), len(people))
        chosen = self._rng.sample(people, count)
        # Somebody whom *reintentar* takes is in one campaign of two.
        there = its_own or any(recipient.telefono == TRIED_AGAIN for recipient in chosen)
        if not there and self._rng.randrange(2):
            chosen[0] = next(recipient for recipient in shop.clients if recipient.telefono == TRIED_AGAIN)
        end = "" if not its_own and self._rng.randrange(ONE_IN) == 0 else f", oferta {serial}"
        words = f"Hola {{nombre}}{end}" if end else SAME_WORDS
        body: dict[str, object] = {"nombre": f"Ronda {serial}", "mensaje": words}
        body["cliente_ids"] = [recipient.cliente_id for recipient in chosen]
        if service or slow:
            body["remitente"] = self._sender_of(shop, api, slow=slow)
        answer = api.post("/campanas/", body, key=f"ronda-{serial}")
        if answer.status != 201:
            raise RefusedError(f"POST /campanas/ answered {answer.status}: {answer.body}")
        made = Made(int(answer.body["id"]), api, fates(chosen), serial, end)
        with self.lock:
            self.made[made.id] = made
            if time.monotonic() < self.looked_at:
                self.doubted.add(made.id)
        return made

    def _sender_of(self, shop: Shop, api: Api, *, slow: bool) -> int:
        """The id of the shop's number with a rate, or of its Messaging Service; made when it is asked for first."""
        if (shop.username, slow) not in self._senders:
            serial = next(self._sender_serial)
            asked = (
                {"nombre": "Lento", "valor": f"+57315{serial:07d}", "segmentos_por_segundo": SLOW_RATE}
                if slow
                else {"nombre": "Servicio", "valor": f"MG{serial:032x}"}
            )
            answer = api.post("/remitentes/", asked)
            # A first request whose answer was lost may have made it.
            there = api.get("/remitentes/").body["results"]
            mine = next((sender["id"] for sender in there if sender["valor"] == asked["valor"]), None)
            if mine is None:
                raise RefusedError(f"POST /remitentes/ answered {answer.status}: {answer.body}")
            self._senders[shop.username, slow] = int(mine)
        return self._senders[shop.username, slow]

    def lose(self, known: Collection[int]) -> tuple[Made, ...]:
        """Forget what PostgreSQL has lost; return the campaigns that are no more.

        Args:
            known: ids of the campaigns that it still knows.
        """
        with self.lock:
            gone = tuple(made for made in self.made.values() if made.id not in known)
            for made in gone:
                del self.made[made.id]
                for ids in (self.held, self.cancelled, self.retried):
                    ids.discard(made.id)
            self.vanished += gone
        self._senders.clear()
        return gone

    def since(self, serial: int) -> list[Made]:
        """The campaigns that were made after this one and still exist."""
        with self.lock:
            return [made for made in self.made.values() if made.serial > serial]

    @property
    def latest(self) -> int:
        """Return the serial of the latest campaign; 0 before the first."""
        with self.lock:
            return max((made.serial for made in (*self.made.values(), *self.vanished)), default=0)

    def running(self) -> list[tuple[Made, str]]:
        """The campaigns that have not ended, with their estado."""
        rows = self._database.rows("SELECT id, estado FROM campaigns_campanasms WHERE completado_en IS NULL")
        with self.lock:
            return [(self.made[pk], estado) for pk, estado in rows if pk in self.made]

    def ended(self) -> list[Made]:
        """The campaigns that have ended by themselves, and failed somebody whom *reintentar* takes."""
        rows = self._database.rows(
            "SELECT c.id FROM campaigns_campanasms c WHERE c.completado_en IS NOT NULL AND c.estado <> 'cancelado'"
            " AND EXISTS (SELECT FROM campaigns_smslog s WHERE s.campana_id = c.id AND s.estado = 'fallido'"
            " AND s.telefono = %s) ORDER BY c.id",
            TRIED_AGAIN,
        )
        with self.lock:
            return [self.made[pk] for (pk,) in rows if pk in self.made]

    def unfinished(self) -> list[Unfinished]:
        """The campaigns that have not ended, with how many recipients are not final."""
        rows = self._database.rows(UNFINISHED)
        return [Unfinished(pk, estado, total - done) for pk, estado, total, done in rows]
