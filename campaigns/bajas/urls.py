from django.urls import path, re_path

from campaigns.bajas import exportacion, publica, vistas

urlpatterns = [
    # The message spares the last slash: `campaigns.bajas.enlace`.
    re_path(r"^b/(?P<token>[0-9A-Za-z]{1,24})/?$", publica.enlace, name="baja-enlace"),
    path("bajas/", vistas.bajas, name="bajas"),
    path("bajas/nueva/", vistas.nueva, name="baja-nueva"),
    path("bajas/exportar/", exportacion.exportar, name="bajas-exportar"),
    path("bajas/<int:pk>/", vistas.baja, name="baja"),
    path("bajas/<int:pk>/levantar/", vistas.levantar, name="baja-levantar"),
]
