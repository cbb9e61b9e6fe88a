from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from core.accesos import vigente
from core.factor.services import quitar
from core.llaves import revocar_llave, siguen
from core.models import LlaveApi, Registro, Usuario
from core.registro import Tipo, anotar
from core.sessions import cerrar_todas

DENTRO: Final = {"is_active", "retirado"}
ALCANCE: Final = {"rol", "is_staff", "is_superuser"}
PODER: Final = ALCANCE | {"groups", "user_permissions"}

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


class DeTienda:
    """Rows of a shop: they name it by who founded it, and stay with it.

    First of the bases of its ModelAdmin, which may say by what path a row leads to its shop.
    """

    tienda = "usuario"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.elegibles(db_field.remote_field.model, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # of the ModelAdmin

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.elegibles(db_field.remote_field.model, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]  # likewise

    def elegibles(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """Return what a row may name."""
        found = model._default_manager.all()
        return found.filter(rol=Usuario.Rol.ADMIN, creado_por=None) if model is Usuario else found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        given = super().get_readonly_fields(request, obj)  # type: ignore[misc]  # likewise
        return (*given, "usuario") if obj and self.tienda == "usuario" else given


class DeUnaTienda(DeTienda):
    """Rows that hold clients' data: of one shop at a time, for an operator who has said why. See `core.accesos`."""

    def elegibles(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """Return what a row of the open shop may name: that shop, and its own clients and tags."""
        acceso = vigente(request)
        mine = acceso.tienda_id if acceso else None
        return super().elegibles(model, request).filter(**{"pk" if model is Usuario else "usuario": mine})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]  # of the ModelAdmin behind
        acceso = vigente(request)
        if acceso is None:
            return found.none()
        return found.filter(**{self.tienda: acceso.tienda_id} if acceso.tienda_id else {f"{self.tienda}__isnull": True})

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._con_motivo(request, "changelist_view", *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._con_motivo(request, "changeform_view", *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._con_motivo(request, "delete_view", *args, **kwargs)

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._con_motivo(request, "history_view", *args, **kwargs)

    def _con_motivo(self, request: HttpRequest, view: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if vigente(request) is None:
            return redirect(f"{reverse('admin-motivo')}?{urlencode({'next': request.get_full_path()})}")
        answer: HttpResponse = getattr(super(), view)(request, *args, **kwargs)
        return answer


@admin.register(Usuario)
class UsuarioAdmin(UserAdmin[Usuario]):
    list_display = ("username", "first_name", "last_name", "rol", "creado_por", "con_factor", "is_active", "last_login")
    list_filter = ("rol", "is_active", "is_staff")
    list_select_related = ("creado_por", "factor")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Tienda", {"fields": ("rol", "creado_por", "tienda", "retirado")}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Tienda", {"fields": ("rol", "creado_por")}))
    actions = ("quitar_factor", "cerrar_sesiones")

    def save_model(self, request: HttpRequest, obj: Usuario, form: Any, change: bool) -> None:
        """Save, and write down who may come in now and do what."""
        super().save_model(request, obj, form, change)
        if not change:
            anotar(Tipo.USUARIO, tienda=obj, detalle=f"{obj.get_username()}, {obj.rol}")
        elif DENTRO & set(form.changed_data):
            anotar(Tipo.USUARIO_DENTRO if obj.dentro else Tipo.USUARIO_FUERA, tienda=obj, detalle=obj.get_username())
        if change and (changed := [name for name in form.changed_data if name in PODER]):
            said = ", ".join(f"{name}: {getattr(obj, name)}" for name in changed if name in ALCANCE) or "permisos"
            anotar(Tipo.ROL, tienda=obj, detalle=f"de {obj.get_username()}: {said}")

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Say how many rows would go or stand in the way, and name none: they may be a shop's clients."""
        _, counts, perms, protected = super().get_deleted_objects(objs, request)
        return [str(obj) for obj in objs], dict(counts), perms, [f"{len(protected)} filas suyas"] if protected else []

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
