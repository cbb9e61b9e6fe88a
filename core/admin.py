from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from core.factor.services import quitar
from core.llaves import revocar_llave, siguen
from core.models import LlaveApi, Registro, Usuario
from core.sessions import cerrar_todas

admin.site.site_header = "Campañas SMS"
admin.site.site_title = "Campañas SMS"
admin.site.index_title = "Administración"


class OnlyRead:
    """The product writes these rows; a person who edits them breaks its invariants."""

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(Usuario)
class UsuarioAdmin(UserAdmin[Usuario]):
    list_display = ("username", "first_name", "last_name", "rol", "creado_por", "con_factor", "is_active", "last_login")
    list_filter = ("rol", "is_active", "is_staff")
    list_select_related = ("creado_por", "factor")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Tienda", {"fields": ("rol", "creado_por", "tienda")}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Tienda", {"fields": ("rol", "creado_por")}))
    actions = ("quitar_factor", "cerrar_sesiones")

    @admin.display(description="Segundo factor", boolean=True)
    def con_factor(self, usuario: Usuario) -> bool:
        return hasattr(usuario, "factor")

    @admin.action(description="Quitar el segundo factor", permissions=["change"])
    def quitar_factor(self, request: HttpRequest, queryset: QuerySet[Usuario]) -> None:
        """Help who lost the phone and the codes. Make sure first that it is they who ask."""
        ended = [usuario for usuario in queryset if quitar(usuario=usuario)]
        names = ", ".join(usuario.get_username() for usuario in ended)
        self.message_user(request, f"Sin segundo factor: {names or 'nadie, porque nadie lo tenía'}.")
        for usuario in ended:
            if keys := siguen(usuario):
                query = urlencode({"q": usuario.get_username()})
                url = f"{reverse('admin:core_llaveapi_changelist')}?{query}"
                said = format_html('«{}»: {} <a href="{}">Revíselas</a>', usuario.get_username(), keys, url)
                self.message_user(request, said, messages.WARNING)

    @admin.action(description="Cerrar las sesiones", permissions=["change"])
    def cerrar_sesiones(self, request: HttpRequest, queryset: QuerySet[Usuario]) -> None:
        for usuario in queryset:
            cerrar_todas(usuario)
        self.message_user(request, "Sus sesiones se cerraron.")


@admin.register(Registro)
class RegistroAdmin(OnlyRead, admin.ModelAdmin[Registro]):
    list_display = ("creado", "tipo", "quien", "detalle", "ip", "via", "tienda_id")
    list_filter = ("tipo", "creado")
    search_fields = ("quien", "detalle", "ip")


@admin.register(LlaveApi)
class LlaveApiAdmin(OnlyRead, admin.ModelAdmin[LlaveApi]):
    list_display = ("prefijo", "nombre", "usuario", "alcances", "origen", "vence_en", "revocada_en", "ultimo_uso_en")
    list_filter = ("origen", "vence_en")
    list_select_related = ("usuario",)
    search_fields = ("prefijo", "nombre", "usuario__username")
    exclude = ("huella",)

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Let the operator end a key, and delete a person with theirs."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)  # type: ignore[arg-type]  # of this model

    def delete_model(self, request: HttpRequest, obj: LlaveApi) -> None:
        revocar_llave(llave=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LlaveApi]) -> None:
        for llave in queryset:
            revocar_llave(llave=llave)
