"""A campaign of 1,000 sample clients through the running stack, checked against the simulator."""

import secrets
import time
from typing import Any

from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.models import Usuario
from local.demo import sample
from local.demo.api import Api
from local.demo.audit import Audit, audit
from local.demo.sin_limites import quitar_limites
from local.simulator.client import SimulatorControl

USERNAME = "demo"
MENSAJE = "Hola {nombre}, esta semana tienes 20% de descuento en la tienda. Responde BAJA para no recibir mas."
POLL_S = 0.2
A_TODA_HORA = "Demostración: los teléfonos de la muestra no son de nadie y los mensajes van al simulador."
STUCK_AFTER_S = 120.0
SHOWN_PROBLEMS = 10
ENDED = ("completado", "error", "cancelado")


class DemoError(Exception):
    """Raised when the demonstration did not end as it should; the text says why."""


def run() -> None:
    """Send the campaign, show it, and compare what was sent with what is recorded.

    Raises:
        DemoError: a Twilio account is configured, the campaign stands still, or the two disagree.
    """
    if not settings.TWILIO_SIMULATED:
        raise DemoError("the demo only runs against the simulator, and a Twilio account is configured")
    console = Console()
    password = secrets.token_urlsafe(9)
    usuario = _demo_user(password)
    muestras = sample.read()
    new = sample.import_missing(usuario, muestras)
    console.print(f"{len(muestras):,} sample clients ({new:,} new)")

    simulator = SimulatorControl(settings.TWILIO_API_BASE_URL)
    before = max((row.id for row in simulator.ledger()), default=0)
    api = Api(f"http://127.0.0.1:{settings.PORT}", username=USERNAME, password=password)
    started = time.monotonic()
    campana = api.create_campaign(nombre="Demostración", mensaje=MENSAJE, audiencia={"todos": True})
    created = time.monotonic() - started
    console.print(f"campaign {campana['id']} created in {created * 1000:.0f} ms, estado {campana['estado']}")
    ended = _watch(console, api, campana["id"])
    seconds = time.monotonic() - started

    found = audit(muestras, api.logs(campana["id"]), simulator.ledger(since_id=before))
    _report(console, ended, found, seconds)
    console.print(
        f"\ndashboard  {settings.PUBLIC_URL}/campanas/{campana['id']}/\n"
        f"sign in    {USERNAME}  {password}   (while scripts/up or scripts/demo --stay runs)",
        soft_wrap=True,
    )
    if found.problems:
        raise DemoError(f"{len(found.problems)} recipients disagree with the simulator")


def _demo_user(password: str) -> Usuario:
    usuario = Usuario.objects.filter(username=USERNAME).first() or Usuario(username=USERNAME)
    usuario.set_password(password)
    usuario.save()
    # A real shop keeps to the law's hours; a demonstration that waits until Monday shows nothing.
    quitar_limites(usuario=usuario, motivo=A_TODA_HORA)
    return usuario


def _watch(console: Console, api: Api, campana_id: int) -> dict[str, Any]:
    """Show the bar until the campaign ends; return its last progress."""
    bar = Progress(
        TextColumn("{task.fields[estado]:<11}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>6.0f}/s"),
        TimeElapsedColumn(),
        console=console,
    )
    last_done, moved_at = -1, time.monotonic()
    with bar:
        task = bar.add_task("", total=None, estado="pendiente", rate=0.0)
        while True:
            now = api.progress(campana_id)
            done = now["exitosos"] + now["fallidos"]
            bar.update(task, total=now["total"], completed=done, estado=now["estado"], rate=now["por_segundo"])
            if now["estado"] in ENDED:
                return now
            if done != last_done:
                last_done, moved_at = done, time.monotonic()
            if time.monotonic() - moved_at > STUCK_AFTER_S:
                raise DemoError(f"nothing moved for {STUCK_AFTER_S:.0f} s: {now}")
            time.sleep(POLL_S)


def _report(console: Console, ended: dict[str, Any], found: Audit, seconds: float) -> None:
    table = Table(title=f"estado {ended['estado']}", title_justify="left", box=None, pad_edge=False)
    for header, justify in (("", "left"), ("recipients", "right"), ("code", "left"), ("reason", "left")):
        table.add_column(header, justify=justify)  # type: ignore[arg-type]
    table.add_row("enviado", f"{ended['exitosos']:,}", "", "")
    for (code, text), count in found.failed.most_common():
        table.add_row("fallido", f"{count:,}", code, text)
    table.add_row("total", f"{ended['total']:,}", "", "")
    console.print(table)
    console.print(f"{ended['total']:,} recipients in {seconds:.1f} s, {ended['total'] / seconds:.0f}/s")
    if found.sent != ended["exitosos"]:
        found.problems.append(f"{ended['exitosos']} are enviado, but {found.sent} stand in the simulator's ledger")
    if found.problems:
        for problem in found.problems[:SHOWN_PROBLEMS]:
            console.print(f"[red]✗[/red] {problem}")
    else:
        console.print(f"[green]✓[/green] the simulator's ledger holds the same {found.sent:,} messages, one for each")
