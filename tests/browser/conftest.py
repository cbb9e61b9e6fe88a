"""Chromium, signed in, with ears: a console error or a CSP violation on any page fails the test."""

import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlparse

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    WebError,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError
from pytest_django.live_server_helper import LiveServer

from core.models import Usuario

# Playwright's sync API runs an event loop in this thread, which Django takes for an async view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]
ANCHO = ViewportSize(width=1280, height=800)
ANGOSTO = ViewportSize(width=375, height=812)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# For a machine that is busy otherwise: who passes does not wait for it.
PATIENCE_MS = 30_000
POLLING_MS = 20

SignIn = Callable[[Usuario], Page]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Ears:
    """The complaints of a page."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self._context = context
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("response", self._response)

    def close(self) -> None:
        self._context.remove_listener("console", self._console)
        self._context.remove_listener("weberror", self._error)
        self._context.remove_listener("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _error(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _response(self, response: Response) -> None:
        if response.status >= 400 and "/static/" in response.url:
            self.complaints.append(f"{response.status} {response.url}")

    def forgive(self, *texts: str) -> None:
        """Expect complaints that hold one of `texts`, as of a page that is itself an error."""
        self.complaints = [c for c in self.complaints if not any(text in c for text in texts)]


@pytest.fixture(scope="package")
def tab(chromium: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A context with one tab: a window costs chromium a second of a processor, for its own controls and processes."""
    context = chromium.new_context(
        base_url=live_server.url, viewport=ANCHO, locale="es-CO", timezone_id="America/Bogota", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    context.new_page()
    yield context
    context.close()


@pytest.fixture
def context(tab: BrowserContext) -> Iterator[BrowserContext]:
    """The tab of all tests, as if it were new. Make a context for what stays in it: an init script, or a clock."""
    yield tab
    page, *others = tab.pages
    for other in others:
        other.close()
    page.unroute_all()
    page.goto("about:blank")  # what it asks for by the clock ends here
    page.set_viewport_size(ANCHO)
    page.emulate_media(color_scheme="light")
    tab.clear_cookies()
    tab.clear_permissions()


@pytest.fixture
def ears(context: BrowserContext) -> Iterator[Ears]:
    ears = Ears(context)
    yield ears
    ears.close()
    assert ears.complaints == []


@pytest.fixture
def page(context: BrowserContext, ears: Ears) -> Page:
    return context.pages[0]


@pytest.fixture
def sign_in(context: BrowserContext, page: Page, live_server: LiveServer) -> SignIn:
    """Signs a person in without the form, and returns the page."""

    def sign_in(usuario: Usuario) -> Page:
        client = Client()
        client.force_login(usuario)
        name = settings.SESSION_COOKIE_NAME
        host = urlparse(live_server.url).hostname
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "domain": host or "", "path": "/"}])
        return page

    return sign_in


def evaluate_until(page: Page, expression: str, arg: object = None) -> Any:
    """Evaluate until it gives something, and return that.

    Never evaluate a promise: one of a page that is being left may stay pending, and `evaluate` has no time limit. And
    `wait_for_function` evaluates a text inside the page, which the CSP refuses.
    """
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        try:
            if found := page.evaluate(expression, arg):
                return found
        except PlaywrightError as error:
            if "context was destroyed" not in str(error):  # another page came
                raise
        page.wait_for_timeout(POLLING_MS)
    pytest.fail(f"{page.url} never said {expression}")


# A rule's own impact is that of all it finds, and those that nobody reads take a third of the time.
JUDGE = """(unread) => {
  const rules = axe._audit.rules.filter((rule) => unread.includes(rule.impact));
  axe.run({resultTypes: ["violations"], rules: Object.fromEntries(rules.map((rule) => [rule.id, {enabled: false}]))})
    .then((found) => { window.juzgada = found; });
}"""


def grave(page: Page) -> list[str]:
    """Return what axe finds serious or critical in the page as it is now."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE.read_text())  # by the debugger, so the page's CSP has no say
    page.evaluate(JUDGE, ["minor", "moderate"])
    found = evaluate_until(page, "window.juzgada")["violations"]
    page.evaluate("delete window.juzgada")
    return [
        f"{v['id']}: {[(n['target'], n['any'][0]['message'] if n['any'] else '') for n in v['nodes'][:3]]}"
        for v in found
        if v["impact"] in {"serious", "critical"}
    ]


OVERFLOW = """(call) => {
  const root = document.documentElement;
  if (window.medida?.call !== call) {
    window.medida = {call};
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.medida.width = root.scrollWidth - root.clientWidth;
    }));
  }
  return "width" in window.medida && window.medida;
}"""
_calls = itertools.count()


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window, once drawn: media queries follow a new size a frame later."""
    return int(evaluate_until(page, OVERFLOW, next(_calls))["width"])
