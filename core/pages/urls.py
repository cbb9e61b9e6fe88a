from django.urls import path

from core.pages import cuenta, llaves, registro, usuarios
from core.pages.ingreso import IngresoView, SalidaView

urlpatterns = [
    path("cuentas/ingresar/", IngresoView.as_view(), name="ingresar"),
    path("cuentas/salir/", SalidaView.as_view(), name="salir"),
    path("cuenta/", cuenta.cuenta, name="cuenta"),
    path("cuenta/clave/", cuenta.clave, name="cuenta-clave"),
    path("cuenta/llaves/", llaves.llaves, name="llaves"),
    path("cuenta/llaves/<int:pk>/revocar/", llaves.revocar, name="llave-revocar"),
    path("seguridad/", registro.registro, name="seguridad"),
    path("usuarios/", usuarios.usuarios, name="usuarios"),
    path("usuarios/nuevo/", usuarios.nuevo, name="usuario-nuevo"),
    path("usuarios/<int:pk>/clave/", usuarios.clave, name="usuario-clave"),
    path("usuarios/<int:pk>/activar/", usuarios.activar, {"activo": True}, name="usuario-activar"),
    path("usuarios/<int:pk>/desactivar/", usuarios.activar, {"activo": False}, name="usuario-desactivar"),
]
