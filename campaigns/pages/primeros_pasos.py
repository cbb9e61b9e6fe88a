"""The first day of a shop: what it needs before its first campaign, each step done as soon as it is so."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from campaigns.campana import selectors
from campaigns.ley.precios import precio_base
from campaigns.models import Ajustes
from clientes.rne.selectors import ultima_consulta
from clientes.selectors import clientes_de
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.permisos import Accion


@dataclass(frozen=True, slots=True)
class Paso:
    """A step of the first day.

    Args:
        ruta: name of the page where it is done, and `ancla` the place on it.
        opcional: whether the first campaign can be sent without it.
    """

    titulo: str
    texto: str
    boton: str
    ruta: str
    hecho: bool
    ancla: str = ""
    opcional: bool = True


def pasos_de(usuario: Usuario, ajustes: Ajustes) -> list[Paso]:
    """The steps of the person's shop, which has no campaign, in their order; the campaign is the last."""
    return [
        Paso(
            "Traiga a sus clientes",
            "De una hoja de Excel o un CSV, como la tenga.",
            "Importar clientes",
            "importaciones",
            clientes_de(usuario).exists(),
            opcional=False,
        ),
        Paso(
            "Diga cuánto le cuesta un SMS",
            "Así ve el costo en dinero antes de enviar. El precio está en la cuenta de Twilio, por país.",
            "Poner el precio",
            "ajustes",
            precio_base(ajustes) is not None,
            ancla="#gasto",
        ),
        Paso(
            "Consulte el registro de excluidos",
            "Si envía publicidad en Colombia: a quien está en el RNE no se le escribe.",
            "Traer la consulta",
            "rne",
            not ajustes.rne_activo or ultima_consulta(usuario.tenant_id) is not None,
        ),
        Paso(
            "Guarde un mensaje que se repita",
            "El saludo, la promoción del mes: queda como plantilla.",
            "Crear una plantilla",
            "plantilla-crear",
            selectors.plantillas_de(usuario).exists(),
        ),
        Paso(
            "Envíe su primera campaña",
            "Elija a quién, escriba y vea lo que cuesta. Nada sale hasta el último botón.",
            "Nueva campaña",
            "campana-nueva",
            False,
            opcional=False,
        ),
    ]


def guia_de(usuario: Usuario, ajustes: Ajustes) -> list[tuple[Paso, bool]] | None:
    """The steps for the home of somebody who may take them, each with whether it comes next; None once they put them
    away.

    Args:
        ajustes: of the shop, which has no campaign yet.
    """
    if usuario.sin_guia or not usuario.puede(Accion.ADMINISTRAR):
        return None
    pasos = pasos_de(usuario, ajustes)
    # Without clients nothing else makes sense; after them nothing stands between a shop and its campaign.
    sigue = next(paso for paso in pasos if not paso.hecho)
    return [(paso, paso is sigue) for paso in pasos]


@require_POST
@pagina
def guardar(request: HttpRequest) -> HttpResponse:
    """Put the steps away, for this person, or bring them back."""
    usuario = con_permiso(request, Accion.ADMINISTRAR)
    usuario.sin_guia = request.POST.get("ver") != "si"
    usuario.save(update_fields=["sin_guia"])
    return redirect("tablero")
