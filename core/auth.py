"""Sign-in by session and by token. A shop whose admin is disabled is closed, to its vendedores too."""

from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed

from core import guesses, registro
from core.factor import services as factor
from core.models import Usuario
from core.registro import Tipo

DESHABILITADO = "El usuario está desactivado."


class OpenShopBackend(ModelBackend):
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Usuario | None:
        """Look at a password, if neither its network nor its account has had too many wrong ones.

        Raises:
            TooManyGuessesError: it has; every door answers that with 429.
        """
        username = username or kwargs.get(Usuario.USERNAME_FIELD)
        if not username or password is None:
            return None
        guesses.count(request, username)
        usuario = super().authenticate(request, username=username, password=password, **kwargs)
        if usuario is not None:
            # Or who knows the password would begin to guess the code anew as often as they like.
            if not factor.tiene(usuario):
                guesses.forgive(request, username)
        elif request is not None:
            # What was typed may be a password in the wrong field: an unknown name is not kept.
            registro.anotar(Tipo.INGRESO_FALLIDO, usuario=registro.con_nombre(username), request=request)
        return usuario

    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and user.puede_ingresar

    def get_user(self, user_id: int) -> Usuario | None:
        """Return the person of a session.

        Every page and every fragment asks for it: `puede_ingresar` in one statement that is written once.
        """
        with connection.cursor() as cursor:
            cursor.execute(_de_sesion(), [user_id])
            row = cursor.fetchone()
        return row and Usuario.from_db(connection.alias, _campos(), row)


@cache
def _campos() -> list[str]:
    return [field.attname for field in Usuario._meta.concrete_fields]


@cache
def _de_sesion() -> str:
    columns = ", ".join(f"u.{field.column}" for field in Usuario._meta.concrete_fields)
    return (
        f"SELECT {columns} FROM core_usuario u LEFT JOIN core_usuario a ON a.id = u.creado_por_id"  # noqa: S608  # the model's own columns
        " WHERE u.id = %s AND u.is_active AND a.is_active IS NOT FALSE"
    )


class OpenShopTokenAuthentication(TokenAuthentication):
    def authenticate_credentials(self, key: str) -> tuple[Usuario, Token]:
        usuario, token = super().authenticate_credentials(key)
        if not usuario.puede_ingresar:
            raise AuthenticationFailed(DESHABILITADO)
        return usuario, token
