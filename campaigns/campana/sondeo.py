"""Answers to pages that ask again and again."""

import hashlib
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import astuple, dataclass
from threading import Lock
from typing import Final

from django.http import HttpRequest, HttpResponse

from core.cache import forget, shared
from core.models import Usuario
from core.pages.query import entero
from core.permisos import DE_TIENDA

# A fragment says with these where its version and its pause go: both are known only after it was rendered.
VERSION: Final = "@@version@@"
PAUSA: Final = "@@pausa@@"

FRESCO_S: Final = 1.0
# With many tabs each asks seldom, and what it gets may be older too: a part of the pause, so that most find a copy.
FRESCO_DE_PAUSA: Final = 0.25
# The shortest pause of any fragment, in seconds.
BASE_MIN: Final = 2
# Answers per second that one process of the web gives to pages that watch. With more tabs, each asks less often.
POR_SEGUNDO: Final = 4.0
PAUSA_MAX_S: Final = 30
# No shorter than the longest pause: a tab must ask within it to be counted.
VENTANA_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Fragmento:
    """A rendered fragment of a page.

    Args:
        html: with VERSION and PAUSA where they go.
        base: its pause when few pages are open, in seconds.
        marca: what a page must have seen to need nothing more than this.
    """

    html: str
    base: int
    marca: str = ""

    @property
    def version(self) -> str:
        return hashlib.blake2s(self.html.encode(), digest_size=6).hexdigest()


class Aforo:
    """The number of answers a second that the open pages would like, judged by the tabs that asked lately.

    When that is more than POR_SEGUNDO, every pause grows by the same factor: what moves most is still asked for most.
    """

    def __init__(self) -> None:
        self._asked: deque[tuple[float, float]] = deque()
        self._sum = 0.0
        self._lock = Lock()

    def pausa(self, base: int, pausa: int) -> int:
        """Count a page that asks, and say after how many seconds it should ask again.

        Args:
            base: the pause of this fragment when few are open, in seconds.
            pausa: its pause until now.
        """
        now = time.monotonic()
        with self._lock:
            self._asked.append((now, pausa / base))
            self._sum += pausa / base
            while self._asked[0][0] < now - VENTANA_S:
                self._sum -= self._asked.popleft()[1]
            return min(PAUSA_MAX_S, math.ceil(base * self._factor))

    def frescura(self) -> float:
        """Return how old a copy may be, in seconds."""
        return max(FRESCO_S, min(PAUSA_MAX_S, BASE_MIN * self._factor) * FRESCO_DE_PAUSA)

    @property
    def _factor(self) -> float:
        """Return how much longer pauses are than with few pages.

        A tab that pauses p seconds has asked VENTANA_S / p times, and would like one answer in each `base` seconds.
        """
        return max(1.0, self._sum / VENTANA_S / POR_SEGUNDO)


aforo: Final = Aforo()


def clave(usuario: Usuario, *parts: object) -> str:
    """The key of a fragment: the shop, the role, which decides what stands in it, and what is asked for."""
    return ":".join(["vivo", str(usuario.tenant_id), usuario.rol, *map(str, parts)])


def fragmento(key: str, build: Callable[[], Fragmento]) -> Fragmento:
    return Fragmento(*shared(key, lambda: list(astuple(build())), fresh_s=aforo.frescura()))


def olvidar(usuario: Usuario, *parts: object) -> None:
    """Forget fragments that a person has just changed, for everybody who may see them."""
    forget(*(f"vivo:{usuario.tenant_id}:{rol}:{':'.join(map(str, parts))}" for rol in DE_TIENDA))


def responder(request: HttpRequest, found: Fragmento, *, extra: str = "") -> HttpResponse:
    """Answer a page that asks again: nothing (204) when it has this already, else the fragment.

    Args:
        extra: sent along, when there is something to send.
    """
    before = min(max(entero(request, "s"), 1), PAUSA_MAX_S) if "s" in request.GET else found.base
    pausa = aforo.pausa(found.base, before)
    version = found.version
    if not extra and pausa == before and request.GET.get("v") == version:
        return HttpResponse(status=204)
    return HttpResponse(found.html.replace(VERSION, version).replace(PAUSA, str(pausa)) + extra)
