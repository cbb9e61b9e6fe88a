from django.contrib import admin

from clientes.models import Cliente


@admin.register(Cliente)
class ClienteAdmin(admin.ModelAdmin[Cliente]):
    list_display = ("nombre", "telefono", "telefono_e164", "documento", "activo", "usuario", "creado")
    list_filter = ("activo", "usuario", "creado")
    list_select_related = ("usuario",)
    search_fields = ("nombre", "telefono", "telefono_e164", "documento")
    readonly_fields = ("telefono_e164", "creado")
    autocomplete_fields = ("usuario",)
    show_full_result_count = False  # counting a million rows to show a number is not worth the page
