from django.urls import path
from rest_framework.routers import SimpleRouter

from campaigns.ajustes.api import AjustesView, HistorialView
from campaigns.api.views import CampanaViewSet, LogListView, PlantillaViewSet

router = SimpleRouter(use_regex_path=False)
router.register("plantillas", PlantillaViewSet, basename="api-plantilla")
router.register("campanas", CampanaViewSet, basename="api-campana")

urlpatterns = [
    path("ajustes/", AjustesView.as_view(), name="api-ajustes"),
    path("ajustes/historial/", HistorialView.as_view(), name="api-ajustes-historial"),
    path("campanas/<int:pk>/logs/", LogListView.as_view(), name="api-campana-logs"),
    *router.urls,
]
