"""Open tabs: they ask as the pages do.

A tab loads its page once, finds in it where each fragment asks again and after how many seconds, and does so as htmx
would: it takes the next address and pause from each new fragment, and keeps the old ones when nothing is new (204).
"""

import asyncio
import html
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.bench.errors import BenchError

FRAGMENT = re.compile(r'hx-get="([^"]+)"[^>]*hx-trigger="every (\d+)s')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LOGIN = "/cuentas/ingresar/"
OPENED_WITHIN_S = 5.0  # people do not open their pages at the same moment
CONNECTIONS = 1_000


@dataclass(slots=True)
class Answers:
    """The answers that tabs have had.

    Attributes:
        statuses: answers by HTTP status; 204 is "nothing new".
        size: bytes received.
        waits: seconds of each answer.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    size: int = 0
    waits: list[float] = field(default_factory=list)

    def forget(self) -> None:
        self.statuses.clear()
        self.waits.clear()
        self.size = 0


class Tabs:
    """Tabs that are open.

    Attributes:
        answers: to their fragments; their first pages are not among them.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._running: list[asyncio.Task[None]] = []
        self.answers = Answers()

    def open(self, paths: Sequence[str], count: int) -> None:
        """Open so many, on these pages in turn."""
        self._running += [asyncio.create_task(self._tab(paths[n % len(paths)])) for n in range(count)]

    def check(self) -> None:
        """Raises BenchError: a tab was not answered as a page expects."""
        for task in self._running:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise BenchError(f"a tab broke: {_first(error)}")

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _tab(self, path: str) -> None:
        await asyncio.sleep(random.uniform(0.0, OPENED_WITHIN_S))
        async with self._session.get(path) as page:
            text = await page.text()
        if page.status != 200:
            raise BenchError(f"{path}: {page.status}")
        async with asyncio.TaskGroup() as group:
            for address, pause in FRAGMENT.findall(text):
                group.create_task(self._fragment(html.unescape(address), float(pause)))

    async def _fragment(self, address: str, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            async with self._session.get(address, headers={"HX-Request": "true"}) as answer:
                body = await answer.read()
            self.answers.statuses[answer.status] += 1
            self.answers.size += len(body)
            self.answers.waits.append(time.monotonic() - started)
            if answer.status not in {200, 204}:
                raise BenchError(f"{address}: {answer.status}")
            if answer.status == 204:
                continue
            found = FRAGMENT.search(body.decode())
            if found is None:  # the campaign is over: the page rests
                return
            address, pause = html.unescape(found[1]), float(found[2])


def _first(error: BaseException) -> BaseException:
    """Return what went wrong in a group of tasks."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def browser(url: str, username: str, password: str) -> AsyncIterator[Tabs]:
    """Somebody who has signed in by the form; their tabs are closed in the end.

    Raises:
        BenchError: they may not sign in.
    """
    jar = aiohttp.CookieJar(unsafe=True)  # the address is a number
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(url, connector=connector, cookie_jar=jar) as session:
        async with session.get(LOGIN) as page:
            token = TOKEN.search(await page.text())
        if token is None:
            raise BenchError("the login has no form")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token[1]}
        headers = {"Referer": str(page.url)}
        async with session.post(LOGIN, data=form, headers=headers, allow_redirects=False) as answer:
            if answer.status != 302:
                raise BenchError(f"{username} may not sign in: {answer.status}")
        tabs = Tabs(session)
        try:
            yield tabs
        finally:
            await tabs.close()
