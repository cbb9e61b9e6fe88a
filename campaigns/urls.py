from django.urls import include, path

from campaigns import exportacion
from campaigns.views import alertas, aprobacion, campana, campanas, muro, nueva, pasos, reportes, tablero
from campaigns.views.enviar_sms import EnviarSMS

urlpatterns = [
    path("", tablero.tablero, name="tablero"),
    path("vivo/", tablero.tablero_vivo, name="tablero-vivo"),
    path("muro/", muro.muro, name="muro"),
    path("muro/vivo/", muro.muro_vivo, name="muro-vivo"),
    path("reportes/", reportes.reportes, name="reportes"),
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
    path("campanas/<int:pk>/exportar/", exportacion.exportar, name="campana-exportar"),
    path("campanas/<int:pk>/destinatarios/", campana.destinatarios, name="campana-destinatarios"),
    *(
        path(f"campanas/<int:pk>/{accion}/", campana.mover, {"accion": accion}, name=f"campana-{accion}")
        for accion in campana.ACCIONES
    ),
    path("campanas/<int:pk>/aprobar/", aprobacion.decidir, {"aprobar": True}, name="campana-aprobar"),
    path("campanas/<int:pk>/rechazar/", aprobacion.decidir, {"aprobar": False}, name="campana-rechazar"),
    path("", include("campaigns.ajustes.urls")),
    path("clientes/enviar-sms/", EnviarSMS.as_view(), name="enviar-sms"),
]
