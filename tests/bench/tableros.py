"""Open dashboards: tabs that ask as the pages do, and what that costs the web.

    python -m tests.bench.tableros --url http://localhost:8000 --user admin --web-pid 1234 --tabs 100 --seconds 60

The password is in PASSWORD. A tab loads its page once, finds in it where each fragment asks again and after how many
seconds, and does so as htmx would: it takes the next address and pause from each new fragment, and keeps the old ones
when there is nothing new (204).
"""

import argparse
import asyncio
import html
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import psutil

FRAGMENT = re.compile(r'hx-get="([^"]+)"[^>]*hx-trigger="every (\d+)s')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
MOST_TABS = 1_000
MOST_SECONDS = 600.0
BASE_S = 10.0  # without tabs, to know what the web does besides: Twilio's callbacks above all
SETTLE_S = 35.0  # the web judges how many are watching by the last thirty seconds


class BrokenTabError(Exception):
    """The product did not answer as a page expects."""


@dataclass(slots=True)
class Cost:
    """What the tabs did and what it cost.

    Attributes:
        seconds: measured.
        statuses: answers by HTTP status; 204 is "nothing new".
        size: bytes received.
        waits: seconds of each answer.
        web_cpu_s: CPU seconds of the web's processes meanwhile, beyond what they spent before; None without their pid.
    """

    tabs: int
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    size: int = 0
    waits: list[float] = field(default_factory=list)
    web_cpu_s: float | None = None

    @property
    def polls(self) -> int:
        return sum(self.statuses.values())

    @property
    def cpu_ms_per_poll(self) -> float | None:
        return None if self.web_cpu_s is None or not self.polls else 1000 * self.web_cpu_s / self.polls

    def percentile(self, part: float) -> float:
        """Seconds within which this part (0–1) of the answers came."""
        ordered = sorted(self.waits) or [0.0]
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    def lines(self) -> list[str]:
        rate, size = self.polls / self.seconds, self.size / 1024 / self.seconds
        found = [
            f"{self.tabs} tabs for {self.seconds:.0f} s: {self.polls} polls, {rate:.1f}/s, {size:.0f} KiB/s",
            f"answers: {dict(self.statuses)}",
            f"answers: p50 {1000 * self.percentile(0.5):.0f} ms, p95 {1000 * self.percentile(0.95):.0f} ms",
        ]
        if self.web_cpu_s is not None:
            each, share = self.cpu_ms_per_poll or 0.0, 100 * self.web_cpu_s / self.seconds
            found.append(
                f"web, beyond what it spent without them: {each:.2f} ms of CPU a poll, {share:.1f} % of a processor"
            )
        return found


async def sign_in(session: aiohttp.ClientSession, user: str, password: str) -> None:
    """Sign in by the form; the session keeps the cookies.

    Raises:
        BrokenTabError: it was refused.
    """
    async with session.get("/cuentas/ingresar/") as page:
        token = TOKEN.search(await page.text())
    if token is None:
        raise BrokenTabError("the login has no form")
    form = {"username": user, "password": password, "csrfmiddlewaretoken": token[1]}
    headers = {"Referer": str(page.url)}
    async with session.post("/cuentas/ingresar/", data=form, headers=headers, allow_redirects=False) as answer:
        if answer.status != 302:
            raise BrokenTabError(f"{user} may not sign in: {answer.status}")


async def watch(
    session: aiohttp.ClientSession, paths: Sequence[str], *, tabs: int, seconds: float, web_pid: int | None = None
) -> Cost:
    """Keep tabs open on these pages, in turn, and count after they have settled.

    Args:
        session: signed in, with the product's address as its base.
        tabs: at most MOST_TABS.
        seconds: to measure, at most MOST_SECONDS.
        web_pid: of gunicorn's master.
    """
    cost = Cost(min(tabs, MOST_TABS))
    seconds = min(seconds, MOST_SECONDS)
    counting = asyncio.Event()
    idle = await _cpu_per_second(web_pid)
    running = [asyncio.create_task(_tab(session, paths[n % len(paths)], cost, counting)) for n in range(cost.tabs)]
    try:
        await asyncio.sleep(SETTLE_S)
        before, started = _cpu(web_pid), time.monotonic()
        counting.set()
        done, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        cost.seconds = time.monotonic() - started
        after = _cpu(web_pid)
        cost.web_cpu_s = None if before is None or after is None else after - before - idle * cost.seconds
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return cost


async def _tab(session: aiohttp.ClientSession, path: str, cost: Cost, counting: asyncio.Event) -> None:
    # People do not open their pages at the same moment.
    await asyncio.sleep(random.uniform(0.0, 5.0))
    async with session.get(path) as page:
        text = await page.text()
    if page.status != 200:
        raise BrokenTabError(f"{path}: {page.status}")
    async with asyncio.TaskGroup() as group:
        for address, pause in FRAGMENT.findall(text):
            group.create_task(_fragment(session, html.unescape(address), float(pause), cost, counting))


async def _fragment(
    session: aiohttp.ClientSession, address: str, pause: float, cost: Cost, counting: asyncio.Event
) -> None:
    while True:
        await asyncio.sleep(pause)
        started = time.monotonic()
        async with session.get(address, headers={"HX-Request": "true"}) as answer:
            body = await answer.read()
        if counting.is_set():
            cost.statuses[answer.status] += 1
            cost.size += len(body)
            cost.waits.append(time.monotonic() - started)
        if answer.status not in {200, 204}:
            raise BrokenTabError(f"{address}: {answer.status}")
        if answer.status == 204:
            continue
        found = FRAGMENT.search(body.decode())
        if found is None:  # the campaign is over: the page rests
            return
        address, pause = html.unescape(found[1]), float(found[2])


async def _cpu_per_second(pid: int | None) -> float:
    before = _cpu(pid)
    if before is None:
        return 0.0
    await asyncio.sleep(BASE_S)
    return ((_cpu(pid) or before) - before) / BASE_S


def _cpu(pid: int | None) -> float | None:
    """CPU seconds of a process and of those it started."""
    if pid is None:
        return None
    process = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in [process, *process.children(recursive=True)])


async def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Open dashboards and measure what they cost the web.")
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--user", default="admin", help="whose password is in PASSWORD")
    parser.add_argument("--path", action="append", help="of a page; several are opened in turn (default: /)")
    parser.add_argument("--tabs", type=int, default=100, help=f"at most {MOST_TABS}")
    parser.add_argument("--seconds", type=float, default=60.0, help=f"to measure, at most {MOST_SECONDS:g}")
    parser.add_argument("--web-pid", type=int, help="gunicorn's master, to measure its CPU")
    options = parser.parse_args(arguments)
    connector = aiohttp.TCPConnector(limit=MOST_TABS)
    async with aiohttp.ClientSession(
        options.url, connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as session:
        await sign_in(session, options.user, os.environ.get("PASSWORD", ""))
        cost = await watch(
            session, options.path or ["/"], tabs=options.tabs, seconds=options.seconds, web_pid=options.web_pid
        )
    sys.stdout.write("\n".join(cost.lines()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
