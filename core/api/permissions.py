"""Who may call what: everyone signed in reads their tenant's rows, admins write them."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

SOLO_ADMIN = "Solo un administrador puede hacer este cambio."


class AdminWrites(BasePermission):
    """Signed-in users read; only the admin role writes. Row ownership is the queryset's business."""

    message = SOLO_ADMIN

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        return request.method in SAFE_METHODS or user.es_admin
