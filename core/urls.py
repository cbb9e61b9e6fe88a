"""Every URL of the product. The other rooms are reached by dotted string only."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from core import health
from core.api import views as api
from core.views import errores
from core.views.icono import favicon

handler500 = errores.fallo

v1: list[URLPattern | URLResolver] = [
    path("auth/token/", api.ObtenerToken.as_view(), name="api-token"),
    path("", include("clientes.api.urls")),
    path("", include("campaigns.api.urls")),
    re_path("", api.NoExiste.as_view()),
]

urlpatterns = [
    path("", include("campaigns.urls")),
    path("", include("campaigns.programaciones.urls")),
    path("clientes/", include("clientes.grupos.urls")),
    path("", include("clientes.importacion.urls")),
    path("", include("core.views.urls")),
    path("", include("clientes.urls")),
    path("", include("campaigns.urls_plantillas")),
    path("", include("campaigns.bajas.urls")),
    path("", include("campaigns.entrantes.urls")),
    path("api/v1/", include(v1)),
    path("api/schema/", SpectacularAPIView.as_view(throttle_classes=[]), name="api-schema"),
    path("api/docs/", api.Docs.as_view(url_name="api-schema"), name="api-docs"),
    path("webhooks/twilio/", include("workers.urls")),
    path("", include("workers.urls_machines")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
