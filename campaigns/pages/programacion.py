"""The pages where a programación is written: one form, and what it would do as it is now."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import remitentes
from campaigns.audiencia.medida import medir
from campaigns.campana.selectors import plantillas_de
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.texto import EJEMPLO, NOMBRE, sin_retornos
from campaigns.models import MENSAJE_MAX, Programacion
from campaigns.pages import borrador_form, pasos
from campaigns.pages.programacion_form import DIAS, PLANTILLA, ProgramacionForm, borrador_de, propuesta
from campaigns.pages.programaciones import SOLO_ADMIN, propia
from campaigns.programaciones import selectors, services
from campaigns.programaciones.fechas import fechas, prever
from campaigns.programaciones.resumen import Resumen, resumir
from campaigns.values.recurrencia import NUNCA, Frecuencia
from campaigns.vista_previa import elegibles
from campaigns.vista_previa.borrador import Borrador
from clientes.selectors import segmentos_de
from core.errors import InvalidInputError
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.permisos import Accion

CREADA = "La programación «{nombre}» quedó creada. Su primera campaña sale sola en la primera fecha."
GUARDADA = "La programación «{nombre}» quedó guardada."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def nueva(request: HttpRequest) -> HttpResponse:
    return _formulario(request, con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN), None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    return _formulario(request, usuario, propia(usuario, pk))


@require_POST
@never_cache
@pagina
def vista_previa(request: HttpRequest) -> HttpResponse:
    """The next dates, how many would receive it today, and what that costs, while the form is filled in."""
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    context = _vista(usuario, ProgramacionForm(request.POST), borrador_form.leer(request.POST))
    return render(request, "campaigns/programacion/_vista_previa.html", context)


def _formulario(request: HttpRequest, usuario: Usuario, row: Programacion | None) -> HttpResponse:
    sent = request.method == "POST"
    form = ProgramacionForm(request.POST if sent else None, programacion=row)
    borrador = borrador_form.leer(request.POST) if sent or row is None else borrador_de(row)
    error = InvalidInputError("")
    saving = sent and request.POST.get("accion") == "guardar"
    if saving and form.is_valid():
        try:
            saved = _guardar(usuario, row, form, borrador)
        except InvalidInputError as refusal:
            error = refusal
            if error.field in form.fields:
                form.add_error(error.field, error.message)
        else:
            messages.success(request, (GUARDADA if row else CREADA).format(nombre=saved.nombre))
            return redirect("programacion", saved.pk)
    vista = _vista(usuario, form, borrador, row)
    if sent and not saving:  # without scripts, a search for clients: what is not filled in yet is no error
        form.errors.clear()
    context = {
        **vista,
        "seccion": "campanas",
        "programacion": row,
        "form": form,
        "borrador": borrador,
        "error": error.message,
        "error_campo": error.field,
        "frecuencias": Frecuencia.choices,
        "dias": [(n, name, str(n) in _marcados(form)) for n, name in DIAS],
        "plantillas": plantillas_de(usuario).filter(activo=True).order_by("nombre"),
        "remitentes": remitentes.remitentes_de(usuario)
        # The one it has is shown also when it is offered no more, and refused by name; else it would change in silence.
        .filter(Q(activo=True) | Q(pk=borrador.remitente))
        .order_by("nombre"),
        "etiquetas": elegibles.etiquetas(usuario),
        "segmentos": segmentos_de(usuario).order_by("nombre"),
        "incluidos": pasos.buscador(usuario, borrador, "clientes", request.POST),
        "excluidos_uno": pasos.buscador(usuario, borrador, "excluir_clientes", request.POST),
        "ejemplo": EJEMPLO,
        "marcador": NOMBRE,
        "mensaje_max": MENSAJE_MAX,
    }
    return render(request, "campaigns/programacion/form.html", context)


def _guardar(usuario: Usuario, row: Programacion | None, form: ProgramacionForm, borrador: Borrador) -> Programacion:
    definicion = form.definicion(usuario, borrador)
    if row is None:
        return services.crear_programacion(usuario=usuario, definicion=definicion)
    return services.cambiar_programacion(programacion=row, usuario=usuario, definicion=definicion)


def _marcados(form: ProgramacionForm) -> set[str]:
    return {str(dia) for dia in form["dias"].value() or ()}


def _vista(
    usuario: Usuario, form: ProgramacionForm, borrador: Borrador, row: Programacion | None = None
) -> dict[str, Any]:
    plantilla = plantillas_de(usuario).filter(activo=True, pk=borrador.plantilla).first()
    from_template = form["fuente"].value() == PLANTILLA
    mensaje = (plantilla.mensaje if plantilla else "") if from_template else str(form["mensaje"].value() or "")
    dates = _fechas(form, row)
    ajustes = ajustes_de(usuario.tenant_id)
    momentos, mensaje = dates["proximas"], sin_retornos(mensaje)
    dates["proximas"] = fechas(ajustes, momentos)
    try:
        remitente = remitentes.remitentes_de(usuario).filter(pk=borrador.remitente).first()
        resumen = resumir(usuario, borrador.audiencia(), mensaje, remitente=remitente, desde=next(iter(momentos), None))
        if momentos and mensaje.strip() and not resumen.error:
            medir(borrador.audiencia(), tenant_id=usuario.tenant_id)
            dates["proximas"] = prever(ajustes, borrador.audiencia(), mensaje, momentos, remitente=remitente)
    except InvalidInputError as error:
        resumen = Resumen(error="" if error.code == "empty" else error.message)
    return {**dates, "resumen": resumen, "plantilla": plantilla if from_template else None, "mover_hora": "#id_hora"}


def _fechas(form: ProgramacionForm, row: Programacion | None) -> dict[str, Any]:
    """The next dates, or why there are none."""
    try:
        found = selectors.proximas(form.recurrencia() if form.is_bound else row.recurrencia if row else propuesta())
    except InvalidInputError as error:
        return {"proximas": [], "fechas_error": error.message}
    return {"proximas": found, "fechas_error": "" if found else NUNCA}
