"""The load: campaigns of several shops, made through the API while everything breaks."""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.faults.api import Api
from tests.faults.database import Database
from tests.faults.recipients import Fate, fates
from tests.faults.shops import Shop

# The words that campaigns of several shops say to the same people at the same time: one in three campaigns.
SAME_WORDS: Final = "Hola {nombre}, tenemos nuevos productos en tienda"
ONE_IN: Final = 3
SIZES: Final = (20, 100, 250, 600, 1200)

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
    """

    id: int
    api: Api
    fates: dict[int, Fate]


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
    """

    def __init__(self, database: Database, url: str, shops: Sequence[Shop], rng: Random) -> None:
        self._database = database
        self._shops = [(shop, Api(url, shop.token)) for shop in shops]
        self._rng = rng
        self._serial = itertools.count(1)
        self.made: dict[int, Made] = {}
        self.held: set[int] = set()
        self.cancelled: set[int] = set()
        self.lock = threading.Lock()
        self._wished = threading.Event()
        self._services: dict[str, int] = {}

    def wish(self) -> None:
        """Ask for a campaign now, however many there are."""
        self._wished.set()

    def take_wish(self) -> bool:
        """Tell whether somebody asked for a campaign since the last time."""
        wished = self._wished.is_set()
        self._wished.clear()
        return wished

    def create(self, most: int, *, service: bool = False) -> Made:
        """Make a campaign for `most` recipients or fewer; ask again until it is answered, under one key.

        Args:
            service: whether it goes out through a Messaging Service.

        Raises:
            NoAnswerError, RefusedError: the API did not make it.
        """
        shop, api = self._rng.choice(self._shops)
        serial = next(self._serial)
        count = min(most, self._rng.choice(SIZES), len(shop.clients))
        chosen = self._rng.sample(shop.clients, count)
        words = SAME_WORDS if self._rng.randrange(ONE_IN) == 0 else f"Hola {{nombre}}, oferta {serial}"
        body: dict[str, object] = {"nombre": f"Ronda {serial}", "mensaje": words}
        if count == len(shop.clients):
            chosen = list(shop.clients)
            body["audiencia"] = {"todos": True}
        else:
            body["cliente_ids"] = [recipient.cliente_id for recipient in chosen]
        if service:
            body["remitente"] = self._service_of(shop, api)
        answer = api.post("/campanas/", body, key=f"ronda-{serial}")
        if answer.status != 201:
            raise RefusedError(f"POST /campanas/ answered {answer.status}: {answer.body}")
        made = Made(int(answer.body["id"]), api, fates(chosen))
        with self.lock:
            self.made[made.id] = made
        return made

    def _service_of(self, shop: Shop, api: Api) -> int:
        """The id of the shop's Messaging Service, which is made when it is asked for first."""
        if shop.username not in self._services:
            valor = f"MG{len(self._services):032x}"
            answer = api.post("/remitentes/", {"nombre": "Servicio", "valor": valor})
            if answer.status != 201:
                raise RefusedError(f"POST /remitentes/ answered {answer.status}: {answer.body}")
            self._services[shop.username] = int(answer.body["id"])
        return self._services[shop.username]

    def running(self) -> list[tuple[Made, str]]:
        """The campaigns that have not ended, with their estado."""
        rows = self._database.rows("SELECT id, estado FROM campaigns_campanasms WHERE completado_en IS NULL")
        with self.lock:
            return [(self.made[pk], estado) for pk, estado in rows if pk in self.made]

    def unfinished(self) -> list[Unfinished]:
        """The campaigns that have not ended, with how many recipients are not final."""
        rows = self._database.rows(UNFINISHED)
        return [Unfinished(pk, estado, total - done) for pk, estado, total, done in rows]
