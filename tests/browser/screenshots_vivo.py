"""Screenshots of what moves: a campaign, the wall, the reports and the alerts; scripts/screenshots runs this too."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from campaigns.bitacora.alertas import guardar_ajustes, probar
from campaigns.bitacora.services import anotar
from campaigns.models import CampanaSMS, EntregaAlerta, Lote, SMSLog, Suceso
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True
    settings.SMS_SEGMENT_PRICE = Decimal("0.0525")


def animada(usuario: Usuario) -> CampanaSMS:
    """Running for four minutes, with deliveries, failures and a history."""
    campana = tienda.en_curso(usuario, tienda.clientes(usuario, 40))
    start = timezone.now() - timedelta(minutes=4)
    CampanaSMS.objects.filter(pk=campana.pk).update(iniciado_en=start)
    for n, log in enumerate(campana.logs.order_by("pk")):
        SMSLog.objects.filter(pk=log.pk).update(actualizado=start + timedelta(seconds=6 * n), segmentos=2)
    lost = campana.logs.filter(entrega="sent").values_list("pk", flat=True)
    SMSLog.objects.filter(pk__in=list(lost)[:2]).update(entrega="undelivered", entrega_codigo="30003")
    SMSLog.objects.filter(pk__in=list(lost)[2:3]).update(entrega="undelivered", entrega_codigo="30005")
    for tipo, seconds, quien in (
        ("creada", -20, usuario),
        ("iniciada", 0, None),
        ("avance_25", 60, None),
        ("pausada", 70, usuario),
        ("reanudada", 95, usuario),
        ("avance_50", 150, None),
    ):
        Suceso.objects.create(
            campana=campana,
            tipo=tipo,
            usuario=quien,
            ip="190.24.11.7" if quien else None,
            via="pagina" if quien else "",
            creado=start + timedelta(seconds=seconds),
        )
    return campana


def test_vivo(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    sign_in(owner)
    shoot(page, "muro-vacio", "/muro/")
    shoot(page, "reportes-vacio", "/reportes/")
    shoot(page, "alertas-vacio", "/alertas/")
    campana = animada(owner)
    page.goto(f"/campanas/{campana.pk}/")
    page.locator("#serie canvas").first.wait_for()
    shoot(page, "vivo-campana")
    shoot(page, "vivo-motivo", f"/campanas/{campana.pk}/?estado=fallido&codigo=21610#destinatarios")
    tienda.grande(owner)
    paused = tienda.detenida(
        owner, "Día de la madre", 12_500, estado="pausado", motivo="Twilio: cuenta inactiva (20005)."
    )
    anotar(campana_id=paused.pk, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle="Twilio: cuenta inactiva (20005).")
    shoot(page, "muro", "/muro/")
    for n in range(20):
        one = tienda.terminada(owner, f"Campaña {n}", 900 + 137 * (n * 7 % 11), 20 + 9 * (n % 5))
        when = timezone.now() - timedelta(days=n)
        CampanaSMS.objects.filter(pk=one.pk).update(completado_en=when)
        sent = one.enviados_exitosos
        Lote.objects.filter(campana=one).update(
            entregas={"delivered": sent * 93 // 100, "undelivered/30003": sent * 5 // 100},
            segmentos=sent * 2,
            contado_en=when,
        )
    page.goto("/reportes/")
    page.locator("canvas").first.wait_for()
    shoot(page, "reportes")
    guardar_ajustes(usuario=owner, datos={"url": "https://sistema.tienda.co/alertas", "correos": ["ana@tienda.co"]})
    probar(usuario=owner)
    anotar(campana_id=paused.pk, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle="Twilio: cuenta inactiva (20005).")
    EntregaAlerta.objects.filter(canal="webhook").update(estado="entregada", intentos=1, codigo_http=200)
    EntregaAlerta.objects.filter(canal="correo").update(intentos=2, error="El correo no salió: TimeoutError.")
    shoot(page, "alertas", "/alertas/")
    page.get_by_role("button", name="Cambiar el secreto").click()
    page.get_by_role("button", name="Sí, cambiar").click()
    shoot(page, "alertas-secreto")
