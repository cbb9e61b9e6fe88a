from django.urls import path
from rest_framework.routers import SimpleRouter

from clientes.api.clientes import ClienteViewSet
from clientes.api.etiquetas import EtiquetaViewSet
from clientes.api.lote import LoteView
from clientes.api.rne import ConsultasRNEView
from clientes.api.segmentos import SegmentoViewSet
from clientes.api.ventas import VentaViewSet

router = SimpleRouter(use_regex_path=False)
router.register("clientes", ClienteViewSet, basename="api-cliente")
router.register("etiquetas", EtiquetaViewSet, basename="api-etiqueta")
router.register("segmentos", SegmentoViewSet, basename="api-segmento")
router.register("ventas", VentaViewSet, basename="api-venta")

urlpatterns = [
    path("rne/", ConsultasRNEView.as_view(), name="api-rne"),
    path("clientes/lote/", LoteView.as_view(), name="api-clientes-lote"),
    *router.urls,
]
