from django.urls import path
from rest_framework.routers import SimpleRouter

from campaigns.api.remitentes import RemitenteViewSet
from campaigns.api.views import CampanaViewSet, LogListView, PlantillaViewSet
from campaigns.bajas.api import BajaViewSet
from campaigns.entrantes.api import EntranteViewSet
from campaigns.programaciones.api.views import OcurrenciaListView, ProgramacionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("plantillas", PlantillaViewSet, basename="api-plantilla")
router.register("remitentes", RemitenteViewSet, basename="api-remitente")
router.register("campanas", CampanaViewSet, basename="api-campana")
router.register("entrantes", EntranteViewSet, basename="api-entrante")
router.register("bajas", BajaViewSet, basename="api-baja")
router.register("programaciones", ProgramacionViewSet, basename="api-programacion")

urlpatterns = [
    path("campanas/<int:pk>/logs/", LogListView.as_view(), name="api-campana-logs"),
    path("programaciones/<int:pk>/ocurrencias/", OcurrenciaListView.as_view(), name="api-ocurrencias"),
    *router.urls,
]
