"""Permissions of the API: everyone signed in reads their tenant's rows, admins write them.

A role gets by the API what it gets by the pages, and no more.
"""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

SOLO_ADMIN = "Solo un administrador puede hacer este cambio."
SOLO_ADMIN_VE = "Solo un administrador ve y cambia esto."


class AdminWrites(BasePermission):
    """Signed-in users read; only the admin role writes. Row ownership is the queryset's business."""

    message = SOLO_ADMIN

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        return request.method in SAFE_METHODS or user.es_admin


class AdminReads(BasePermission):
    """Only the admin role, reading too: the pages of these rows let nobody else in."""

    message = SOLO_ADMIN_VE

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.es_admin)
