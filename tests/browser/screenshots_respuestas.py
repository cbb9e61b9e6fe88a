"""Screenshots of what clients write back; scripts/screenshots runs this with the others."""

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from campaigns.mensaje.enlace import llave
from campaigns.mensaje.token import token_de
from campaigns.models import Entrante, RespuestaGuardada, SMSLog
from campaigns.respuestas.services import guardar_respuesta
from clientes.models import Baja
from core.models import Usuario
from tests.browser import respuestas
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot


def guardadas(owner: Usuario) -> None:
    for nombre, mensaje, palabra in (
        ("Horario", "Abrimos de lunes a sabado, de 9 a. m. a 7 p. m.", "HORARIO"),
        ("Dirección", "Estamos en la calle 72 # 10-34, local 5.", ""),
        ("Precios del vestido", "El vestido cuesta 89.900, {nombre}. Hay en azul y verde.", "precio"),
    ):
        guardar_respuesta(respuesta=RespuestaGuardada(usuario=owner), nombre=nombre, mensaje=mensaje, palabra=palabra)


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True
    settings.TWILIO_FROM = settings.TWILIO_SENDER = respuestas.NUMERO


def test_respuestas(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    sign_in(owner)
    shoot(page, "respuestas-vacio", "/respuestas/")
    shoot(page, "bajas-vacio", "/bajas/")
    clientes = respuestas.surtida(owner)
    shoot(page, "respuestas", "/respuestas/")
    respuestas.dudosa(clientes[8])
    guardadas(owner)
    shoot(page, "respuestas-guardadas", "/respuestas/guardadas/")
    shoot(page, "respuesta-nueva", "/respuestas/guardadas/nueva/")
    page.get_by_label("Mensaje").fill("Sí, ábrimos de 9 a 7 también los sábados ✨")
    shoot(page, "respuesta-nueva-tildes")
    page.goto(f"/clientes/{clientes[0].pk}/conversacion/")
    page.get_by_role("button", name="Responder").click()
    shoot(page, "conversacion-contestar")
    page.get_by_label("Su respuesta").fill("Sí, {precio}")
    page.get_by_role("button", name="Responder").click()
    shoot(page, "conversacion-error")
    shoot(page, "conversacion-de-nadie", f"/respuestas/{Entrante.objects.get(telefono='+573209998877').pk}/")
    shoot(page, "respuestas-por-decidir", "/respuestas/?ver=por_decidir")
    shoot(page, "respuestas-nada", "/respuestas/?q=zzz")
    shoot(page, "conversacion", f"/clientes/{clientes[0].pk}/conversacion/")
    shoot(page, "conversacion-baja", f"/clientes/{clientes[1].pk}/conversacion/")
    page.goto(f"/clientes/{clientes[1].pk}/")
    page.get_by_role("link", name="Ver la conversación").wait_for()
    shoot(page, "cliente-baja")
    shoot(page, "bajas", "/bajas/")
    shoot(page, "baja", f"/bajas/{Baja.objects.get(usuario=owner, telefono=clientes[1].telefono_e164).pk}/")
    page.get_by_role("button", name="Levantar la baja").click()
    shoot(page, "baja-error")
    shoot(page, "baja-nueva", "/bajas/nueva/")
    shoot(page, "plantilla-enlace", "/clientes/plantillas/crear/")
    page.get_by_role("button", name="Enlace de baja").click()
    shoot(page, "plantilla-enlace")
    shoot(page, "cuenta-tienda", "/cuenta/")
    page.context.clear_cookies()
    log = SMSLog.objects.get(cliente=clientes[5])
    shoot(page, "enlace", f"/b/{token_de(log.pk, llave())}")
    page.get_by_role("button", name="No recibir más mensajes").click()
    shoot(page, "enlace-hecho")
    shoot(page, "enlace-no-sirve", "/b/xxxxxxxxxxx")
    ears.forgive("404")
