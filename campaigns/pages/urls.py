from django.urls import path, re_path

from campaigns.api.enviar_sms import EnviarSMSView
from campaigns.pages import (
    ajustes,
    alertas,
    aprobacion,
    bajas,
    bajas_exportacion,
    campana,
    campana_exportacion,
    campanas,
    cierres,
    enlace,
    entrantes,
    entrantes_exportacion,
    mensajes,
    muro,
    nueva,
    pasos,
    plantillas,
    programacion,
    programaciones,
    reportes,
    tablero,
)

urlpatterns = [
    path("", tablero.tablero, name="tablero"),
    path("vivo/", tablero.tablero_vivo, name="tablero-vivo"),
    path("muro/", muro.muro, name="muro"),
    path("muro/vivo/", muro.muro_vivo, name="muro-vivo"),
    path("reportes/", reportes.reportes, name="reportes"),
    path("cierres/", cierres.cierres, name="cierres"),
    path("cierres/pedir/", cierres.pedir, name="cierre-pedir"),
    path("cierres/<int:pk>/", cierres.cierre, name="cierre"),
    path("alertas/", alertas.alertas, name="alertas"),
    path("alertas/secreto/", alertas.secreto, name="alertas-secreto"),
    path("alertas/prueba/", alertas.probar, name="alertas-prueba"),
    path("campanas/", campanas.campanas, name="campanas"),
    path("campanas/vivas/", campanas.campanas_vivas, name="campanas-vivas"),
    path("campanas/nueva/", nueva.nueva, name="campana-nueva"),
    path("campanas/nueva/cuenta/", nueva.cuenta, name="campana-nueva-cuenta"),
    path("campanas/nueva/costo/", nueva.costo, name="campana-nueva-costo"),
    *(
        path(f"campanas/nueva/buscar/{campo}/", nueva.buscar, {"campo": campo}, name=f"campana-nueva-buscar-{campo}")
        for campo in pasos.BUSCADORES
    ),
    path("campanas/<int:pk>/", campana.campana, name="campana"),
    path("campanas/<int:pk>/vivo/", campana.campana_viva, name="campana-viva"),
    path("campanas/<int:pk>/serie/", campana.serie, name="campana-serie"),
    path("campanas/<int:pk>/exportar/", campana_exportacion.exportar, name="campana-exportar"),
    path("campanas/<int:pk>/destinatarios/", campana.destinatarios, name="campana-destinatarios"),
    *(
        path(f"campanas/<int:pk>/{accion}/", campana.mover, {"accion": accion}, name=f"campana-{accion}")
        for accion in campana.ACCIONES
    ),
    path("campanas/<int:pk>/aprobar/", aprobacion.decidir, {"aprobar": True}, name="campana-aprobar"),
    path("campanas/<int:pk>/rechazar/", aprobacion.decidir, {"aprobar": False}, name="campana-rechazar"),
    path("clientes/enviar-sms/", EnviarSMSView.as_view(), name="enviar-sms"),
    path("programaciones/", programaciones.programaciones, name="programaciones"),
    path("programaciones/nueva/", programacion.nueva, name="programacion-nueva"),
    path("programaciones/vista-previa/", programacion.vista_previa, name="programacion-vista-previa"),
    path("programaciones/<int:pk>/", programaciones.programacion, name="programacion"),
    path("programaciones/<int:pk>/editar/", programacion.editar, name="programacion-editar"),
    path("programaciones/<int:pk>/ocurrencias/", programaciones.ocurrencias, name="programacion-ocurrencias"),
    path("programaciones/<int:pk>/costo/", programaciones.costo, name="programacion-costo"),
    path("programaciones/<int:pk>/ejecutar/", programaciones.ejecutar, name="programacion-ejecutar"),
    path("programaciones/<int:pk>/eliminar/", programaciones.eliminar, name="programacion-eliminar"),
    *(
        path(
            f"programaciones/<int:pk>/{accion}/",
            programaciones.mover,
            {"accion": accion},
            name=f"programacion-{accion}",
        )
        for accion in programaciones.MOVER
    ),
    path("clientes/plantillas/", plantillas.plantillas, name="plantillas"),
    path("clientes/plantillas/crear/", plantillas.crear, name="plantilla-crear"),
    path("clientes/plantillas/editar/<int:pk>/", plantillas.editar, name="plantilla-editar"),
    path("clientes/plantillas/eliminar/<int:pk>/", plantillas.eliminar, name="plantilla-eliminar"),
    path("clientes/plantillas-sms/", plantillas.PlantillasSMSView.as_view(), name="plantillas-sms"),
    path("clientes/<int:pk>/mensajes/", mensajes.mensajes, name="cliente-mensajes"),
    path("ajustes/", ajustes.ajustes, name="ajustes"),
    # The message spares the last slash: `campaigns.mensaje.enlace`.
    re_path(r"^b/(?P<token>[0-9A-Za-z]{1,24})/?$", enlace.enlace, name="baja-enlace"),
    path("bajas/", bajas.bajas, name="bajas"),
    path("bajas/nueva/", bajas.nueva, name="baja-nueva"),
    path("bajas/exportar/", bajas_exportacion.exportar, name="bajas-exportar"),
    path("bajas/<int:pk>/", bajas.baja, name="baja"),
    path("bajas/<int:pk>/levantar/", bajas.levantar, name="baja-levantar"),
    path("respuestas/", entrantes.entrantes, name="entrantes"),
    path("respuestas/leer/", entrantes.leer, name="entrantes-leer"),
    path("respuestas/exportar/", entrantes_exportacion.exportar, name="entrantes-exportar"),
    path("respuestas/<int:pk>/", entrantes.conversacion, name="entrante"),
    path("respuestas/<int:pk>/decidir/", entrantes.decision, name="entrante-decidir"),
    path("clientes/<int:pk>/conversacion/", entrantes.de_cliente, name="cliente-conversacion"),
]
