from django.urls import path

from campaigns.views import mensajes, plantillas

urlpatterns = [
    path("clientes/plantillas/", plantillas.plantillas, name="plantillas"),
    path("clientes/plantillas/crear/", plantillas.crear, name="plantilla-crear"),
    path("clientes/plantillas/editar/<int:pk>/", plantillas.editar, name="plantilla-editar"),
    path("clientes/plantillas/eliminar/<int:pk>/", plantillas.eliminar, name="plantilla-eliminar"),
    path("clientes/plantillas-sms/", plantillas.PlantillasSMS.as_view(), name="plantillas-sms"),
    path("clientes/<int:pk>/mensajes/", mensajes.mensajes, name="cliente-mensajes"),
]
