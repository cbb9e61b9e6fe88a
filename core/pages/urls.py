from django.urls import path

from core.pages import correo, cuenta, factor, ingreso, llaves, registro, sesiones, usuarios
from core.pages.ingreso import IngresoView, SalidaView

urlpatterns = [
    path("cuentas/ingresar/", IngresoView.as_view(), name="ingresar"),
    path("cuentas/ingresar/codigo/", ingreso.codigo, name="ingresar-codigo"),
    path("cuentas/clave/", correo.olvidada, name="clave-olvidada"),
    path("cuentas/clave/<uidb64>/<token>/", correo.ClaveNuevaView.as_view(), name="clave-nueva"),
    path("cuentas/confirmar/", ingreso.confirmar, name="confirmar"),
    path("cuentas/salir/", SalidaView.as_view(), name="salir"),
    path("cuenta/", cuenta.cuenta, name="cuenta"),
    path("cuenta/clave/", cuenta.clave, name="cuenta-clave"),
    path("cuenta/llaves/", llaves.llaves, name="llaves"),
    path("cuenta/llaves/<int:pk>/revocar/", llaves.revocar, name="llave-revocar"),
    path("cuenta/correo/", correo.cambiar, name="cuenta-correo"),
    path("cuenta/correo/<str:token>/", correo.confirmar, name="correo-confirmar"),
    path("cuenta/factor/", factor.factor, name="factor"),
    path("cuenta/factor/codigos/", factor.codigos, name="factor-codigos"),
    path("cuenta/factor/llaves/", factor.llave, name="factor-llave"),
    path("cuenta/factor/llaves/<int:pk>/quitar/", factor.quitar_llave, name="factor-llave-quitar"),
    path("cuenta/factor/quitar/", factor.quitar, name="factor-quitar"),
    path("cuenta/sesiones/", sesiones.sesiones, name="sesiones"),
    path("cuenta/sesiones/<int:pk>/cerrar/", sesiones.cerrar, name="sesion-cerrar"),
    path("cuenta/sesiones/otras/cerrar/", sesiones.cerrar_otras, name="sesiones-cerrar-otras"),
    path("seguridad/", registro.registro, name="seguridad"),
    path("usuarios/", usuarios.usuarios, name="usuarios"),
    path("usuarios/nuevo/", usuarios.nuevo, name="usuario-nuevo"),
    path("usuarios/<int:pk>/rol/", usuarios.rol, name="usuario-rol"),
    path("usuarios/<int:pk>/clave/", usuarios.clave, name="usuario-clave"),
    path("usuarios/<int:pk>/sesiones/cerrar/", usuarios.cerrar_sesiones, name="usuario-sesiones-cerrar"),
    path("usuarios/<int:pk>/activar/", usuarios.activar, {"activo": True}, name="usuario-activar"),
    path("usuarios/<int:pk>/desactivar/", usuarios.activar, {"activo": False}, name="usuario-desactivar"),
]
