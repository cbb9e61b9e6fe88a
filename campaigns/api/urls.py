from django.urls import path
from rest_framework.routers import SimpleRouter

from campaigns.api import alertas, ganchos
from campaigns.api.ajustes import AjustesView, HistorialView
from campaigns.api.bajas import BajaViewSet
from campaigns.api.campanas import CampanaViewSet
from campaigns.api.entrantes import EntranteViewSet
from campaigns.api.expediente import ExpedienteView
from campaigns.api.logs import LogListView
from campaigns.api.plantillas import PlantillaViewSet
from campaigns.api.programaciones import OcurrenciaListView, ProgramacionViewSet
from campaigns.api.remitentes import RemitenteViewSet
from campaigns.api.respuestas import RespuestaViewSet
from campaigns.api.sucesos import SucesoListView

router = SimpleRouter(use_regex_path=False)
router.register("plantillas", PlantillaViewSet, basename="api-plantilla")
router.register("remitentes", RemitenteViewSet, basename="api-remitente")
router.register("campanas", CampanaViewSet, basename="api-campana")
router.register("entrantes", EntranteViewSet, basename="api-entrante")
router.register("respuestas", RespuestaViewSet, basename="api-respuesta")
router.register("bajas", BajaViewSet, basename="api-baja")
router.register("programaciones", ProgramacionViewSet, basename="api-programacion")

urlpatterns = [
    path("ajustes/", AjustesView.as_view(), name="api-ajustes"),
    path("ajustes/historial/", HistorialView.as_view(), name="api-ajustes-historial"),
    path("campanas/<int:pk>/logs/", LogListView.as_view(), name="api-campana-logs"),
    path("programaciones/<int:pk>/ocurrencias/", OcurrenciaListView.as_view(), name="api-ocurrencias"),
    path("campanas/<int:pk>/sucesos/", SucesoListView.as_view(), name="api-campana-sucesos"),
    path("alertas/", alertas.AlertaListView.as_view(), name="api-alertas"),
    path("alertas/ajustes/", alertas.AjustesAlertasView.as_view(), name="api-alertas-ajustes"),
    path("alertas/secreto/", alertas.SecretoView.as_view(), name="api-alertas-secreto"),
    path("alertas/prueba/", alertas.PruebaView.as_view(), name="api-alertas-prueba"),
    path("ganchos/", ganchos.GanchosView.as_view(), name="api-ganchos"),
    path("ganchos/<int:pk>/", ganchos.GanchoView.as_view(), name="api-gancho"),
    path("ganchos/<int:pk>/secreto/", ganchos.SecretoGanchoView.as_view(), name="api-gancho-secreto"),
    path("ganchos/<int:pk>/prueba/", ganchos.PruebaGanchoView.as_view(), name="api-gancho-prueba"),
    path("ganchos/<int:pk>/entregas/", ganchos.EntregasGanchoView.as_view(), name="api-gancho-entregas"),
    path("ganchos/entregas/<int:pk>/repetir/", ganchos.RepetirEntregaView.as_view(), name="api-gancho-entrega-repetir"),
    path("ganchos/<int:pk>/repetir/", ganchos.RepetirTramoView.as_view(), name="api-gancho-repetir"),
    path("clientes/<int:pk>/expediente/", ExpedienteView.as_view(), name="api-cliente-expediente"),
    *router.urls,
]
