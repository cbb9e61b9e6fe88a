from django.urls import include, path

from clientes import exportacion
from clientes.importacion import views

urlpatterns = [
    path("", include("clientes.rne.urls")),
    path("clientes/exportar/", exportacion.exportar, name="clientes-exportar"),
    path("clientes/importar/", views.importaciones, name="importaciones"),
    path("clientes/importar/<int:pk>/", views.importacion, name="importacion"),
    path("clientes/importar/<int:pk>/muestra/", views.muestra, name="importacion-muestra"),
    path("clientes/importar/<int:pk>/vivo/", views.importacion_viva, name="importacion-viva"),
    path("clientes/importar/<int:pk>/empezar/", views.empezar, name="importacion-empezar"),
    path("clientes/importar/<int:pk>/buenas/", views.buenas, name="importacion-buenas"),
    path("clientes/importar/<int:pk>/descartar/", views.descartar, name="importacion-descartar"),
    path("clientes/importar/<int:pk>/errores/", views.errores, name="importacion-errores"),
    path("clientes/importar/<int:pk>/telefonos/", views.repetidos, name="importacion-telefonos"),
]
