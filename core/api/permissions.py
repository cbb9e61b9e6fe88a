"""Permissions of the API: everyone signed in reads their tenant's rows, admins write them."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

SOLO_ADMIN_LEE = "Solo un administrador puede ver todo lo que se guarda de un cliente."
SOLO_ADMIN = "Solo un administrador puede hacer este cambio."


class AdminReads(BasePermission):
    """Only the admin role, to read as well: all that is known of one person is no everyday list."""

    message = SOLO_ADMIN_LEE

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.es_admin)


class AdminWrites(BasePermission):
    """Signed-in users read; only the admin role writes. Row ownership is the queryset's business."""

    message = SOLO_ADMIN

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        return request.method in SAFE_METHODS or user.es_admin
