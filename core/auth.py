"""Who may sign in. A shop whose admin is disabled is closed: to its vendedores too, by session and by token."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed

from core.models import Usuario

DESHABILITADO = "El usuario está desactivado."


class DeTienda(ModelBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and user.puede_ingresar

    def get_user(self, user_id: int) -> Usuario | None:
        """The person of a session; asked for on every page, so with their admin in the same query."""
        user = Usuario.objects.select_related("creado_por").filter(pk=user_id).first()
        return user if self.user_can_authenticate(user) else None


class PorToken(TokenAuthentication):
    def authenticate_credentials(self, key: str) -> tuple[Usuario, Token]:
        usuario, token = super().authenticate_credentials(key)
        if not usuario.puede_ingresar:
            raise AuthenticationFailed(DESHABILITADO)
        return usuario, token
