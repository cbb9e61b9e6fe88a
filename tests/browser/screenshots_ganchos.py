"""Screenshots of hooks; scripts/screenshots runs this with the others."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from campaigns.bitacora import ganchos
from campaigns.models import EntregaGancho, Gancho
from core.models import Usuario
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot


def test_ganchos(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    sign_in(owner)
    shoot(page, "ganchos-vacio", "/ganchos/")
    page.get_by_label("Dirección de su programa").fill("https://sistema.zapatosluna.com.co/avisos/sms?tienda=12")
    page.get_by_label("Un mensaje llegó").check()
    page.get_by_label("Un cliente respondió").check()
    page.get_by_role("button", name="Agregar").click()
    shoot(page, "gancho-nuevo")
    gancho = Gancho.objects.get()
    now = timezone.now()
    for estado, fields in (
        ("entregada", {"codigo_http": 204, "intentos": 1, "total": 500}),
        ("fallida", {"codigo_http": 500, "total": 38, "error": "Contestó 500.", "respuesta": "<h1>Server Error</h1>"}),
        ("pendiente", {"intentos": 3, "total": 1, "error": "No contestó: ConnectTimeoutError.", "repetida": True}),
    ):  # fmt: skip
        EntregaGancho.objects.create(gancho=gancho, evento_ids=[], estado=estado, creada=now, **fields)
    Gancho.objects.update(falla_desde=now - timedelta(hours=2), libre_desde=now + timedelta(minutes=20))
    shoot(page, "gancho", f"/ganchos/{gancho.pk}/")
    page.get_by_role("button", name="Cambiar el secreto").click()
    shoot(page, "gancho-secreto")
    ganchos.cambiar(gancho=gancho, usuario=owner, datos={"activo": False})
    shoot(page, "gancho-desactivado", f"/ganchos/{gancho.pk}/")
    shoot(page, "ganchos", "/ganchos/")
    shoot(page, "alertas-ganchos", "/alertas/")
