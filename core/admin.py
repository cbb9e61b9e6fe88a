from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from core.models import Usuario

admin.site.site_header = "Campañas SMS"
admin.site.site_title = "Campañas SMS"
admin.site.index_title = "Administración"


@admin.register(Usuario)
class UsuarioAdmin(UserAdmin[Usuario]):
    list_display = ("username", "first_name", "last_name", "rol", "creado_por", "is_active", "last_login")
    list_filter = ("rol", "is_active", "is_staff")
    list_select_related = ("creado_por",)
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Tienda", {"fields": ("rol", "creado_por")}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Tienda", {"fields": ("rol", "creado_por")}))
