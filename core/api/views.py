from typing import Any, Final

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import resolve
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiExample, extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.parsers import BoundedJSONParser
from core.api.serializers import RefusesUnknown
from core.api.throttling import AddressThrottle
from core.factor import services as factor
from core.first_password import CAMBIE, CODE
from core.llaves import llave_por_clave
from core.models import Usuario
from core.registro import Tipo, anotar

# Bytes. Nobody has signed in yet; a name and a password are some hundred.
CREDENTIALS_MAX: Final = 4 * 1024
CODIGO_FALTA = (
    "Este usuario tiene segundo factor: envíe también el código de su aplicación, o haga una llave para el programa en"
    " «Llaves de la API»."
)
CODIGO_MALO = "Ese código no sirve: puede estar vencido o ya usado."
SIN_FACTOR = (
    "Este usuario necesita un segundo factor: póngalo primero en las páginas. Después envíe aquí también su código, o"
    " haga una llave para el programa en «Llaves de la API»."
)
NO_HAY = "No existe {path} en esta API."
FALTA_BARRA = "No existe {path} en esta API; ¿quiso decir {path}/?"


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="The key. It is not shown again.")
    vence_en = serializers.DateTimeField(help_text="When it ends.")


class CredentialsSerializer(RefusesUnknown, AuthTokenSerializer):
    """The name and the password of somebody who signs in, and the code of their second factor."""

    codigo = serializers.CharField(
        required=False,
        write_only=True,
        max_length=factor.LARGO_MAX,
        help_text="From the person's app, or a recovery code. Required for those who have a second factor.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold the code against the second factor of who gave the right password.

        The password was counted as a guess and is forgiven only here, so that a code is no easier to guess.
        """
        attrs = super().validate(attrs)
        usuario, request = attrs["user"], self.context["request"]
        if factor.tiene(usuario):
            if not attrs.get("codigo"):
                raise serializers.ValidationError({"codigo": CODIGO_FALTA}, code="required")
            if not factor.verificar(usuario=usuario, texto=attrs["codigo"]):
                anotar(Tipo.INGRESO_FALLIDO, usuario=usuario, request=request, detalle="segundo factor")
                raise serializers.ValidationError({"codigo": CODIGO_MALO}, code="invalid")
            factor.mostrado.send(CredentialsSerializer, usuario=usuario, request=request)
        elif factor.exigido(usuario):
            raise serializers.ValidationError(SIN_FACTOR, code="second_factor_required")
        if usuario.clave_ajena:
            raise serializers.ValidationError(CAMBIE, code=CODE)
        return attrs


class CredentialsParser(BoundedJSONParser):
    @property
    def limit(self) -> int:
        return min(CREDENTIALS_MAX, super().limit)


class ObtainToken(APIView):
    throttle_classes = (AddressThrottle,)  # guesses are counted where the password is looked at
    parser_classes = (CredentialsParser,)
    permission_classes = ()
    authentication_classes = ()

    @extend_schema(
        tags=["auth"],
        summary="Exchange username and password for a key of some hours",
        description="Send it as `Authorization: Token …` or `Bearer …` with every call. Each time it is another."
        " A program that is to run for longer has a key of its own: `POST /api/v1/llaves/`. A person whose password"
        " somebody else chose gets none (`password_change_required`) until they have chosen one of their own on the"
        " pages. A person with a second factor sends `codigo` too; without it the answer is 400 with `attr` `codigo`.",
        request=CredentialsSerializer,
        responses=TokenSerializer,
        examples=[
            OpenApiExample("Ingreso", value={"username": "admin", "password": "…"}, request_only=True),
            OpenApiExample(
                "Llave",
                value={
                    "token": "sms_live_9Zk3mT0vQx7LcR2sYb8HnW4dJfGp1A0eUuKq",
                    "vence_en": "2026-03-15T22:31:02-05:00",
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        credentials = CredentialsSerializer(data=request.data, context={"request": request, "view": self})
        credentials.is_valid(raise_exception=True)
        usuario: Usuario = credentials.validated_data["user"]
        llave = llave_por_clave(usuario=usuario)
        anotar(Tipo.TOKEN_PEDIDO, usuario=usuario, request=request)
        return Response(TokenSerializer({"token": llave.llave, "vence_en": llave.vence_en}).data)


@extend_schema(exclude=True)
class NotFoundView(APIView):
    """Every other path below /api/v1/: 404 in the API's own shape.

    It also stands in the way of APPEND_SLASH, whose redirect turns a POST without the last slash into a GET.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        other: Any = resolve(f"{request.path_info}/").func
        text = NO_HAY if other.cls is NotFoundView else FALTA_BARRA
        raise NotFound(text.format(path=request.path_info))


# Swagger UI styles itself inline; its script is a file of its own in the split view.
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI, served from this machine."""

    throttle_classes = ()
