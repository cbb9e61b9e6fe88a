"""Every URL of the product. Other packages are reached by dotted string only."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from core.api import views as api
from core.api.llaves import LlavesView, LlaveView
from core.api.registro import RegistroListView
from core.ops import health
from core.pages import errores
from core.pages.favicon import favicon
from core.pages.ingreso import IngresoAdminView
from core.pages.motivo import motivo

handler500 = errores.fallo

v1: list[URLPattern | URLResolver] = [
    path("auth/token/", api.ObtainToken.as_view(), name="api-token"),
    path("llaves/", LlavesView.as_view(), name="api-llaves"),
    path("llaves/<int:pk>/", LlaveView.as_view(), name="api-llave"),
    path("registro/", RegistroListView.as_view(), name="api-registro"),
    path("", include("clientes.api.urls")),
    path("", include("campaigns.api.urls")),
    re_path("", api.NotFoundView.as_view()),
]

urlpatterns = [
    path("", include("core.pages.urls")),
    path("", include("clientes.pages.urls")),
    path("", include("campaigns.pages.urls")),
    path("api/v1/", include(v1)),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", api.Docs.as_view(url_name="api-schema"), name="api-docs"),
    path("webhooks/twilio/", include("workers.webhooks.urls")),
    path("", include("workers.metrics.urls")),
    path("", include("workers.revision.urls")),
    path("admin/login/", IngresoAdminView.as_view()),
    # Its form would look at the old password without counting.
    path("admin/password_change/", RedirectView.as_view(pattern_name="cuenta")),
    path("admin/motivo/", motivo, name="admin-motivo"),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
