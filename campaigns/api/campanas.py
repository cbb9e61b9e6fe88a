from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from campaigns.api import progreso
from campaigns.api.audiencia import audiencia_de
from campaigns.api.campanas_serializers import (
    CampanaSerializer,
    CrearCampanaSerializer,
    DecisionSerializer,
    EditarSerializer,
    PreverSerializer,
    ProgresoSerializer,
)
from campaigns.api.vista_previa import VistaPreviaSerializer, as_json
from campaigns.campana import destinatarios, selectors, services
from campaigns.campana.edicion import Cambios, editar
from campaigns.campana.services import NuevaCampana
from campaigns.models import CampanaSMS, PlantillaSMS
from campaigns.vista_previa import aprobaciones
from campaigns.vista_previa.calculo import calcular_vista_previa
from core.api.base import ShopRowsView
from core.api.filters import MomentFilter, TextFilter, YesNoFilter
from core.api.idempotency import de_prueba, header, idempotency_of
from core.api.parsers import BigJSONParser
from core.api.schema import ErrorSerializer
from core.idempotency import Idempotency
from core.models import LlaveApi, Usuario

MOVED = {200: CampanaSerializer, 409: ErrorSerializer}
IDEMPOTENCY_KEY = header(
    "The same key with the same body answers with the campaign that the first call made (header "
    "`Idempotent-Replayed: true`); with another body, 409."
)


class CampanaFilter(filters.FilterSet):
    estado = filters.MultipleChoiceFilter(choices=CampanaSMS.Estado.choices)
    q = TextFilter(field_name="nombre", lookup_expr="icontains", label="Part of the name")
    creado_desde = MomentFilter(field_name="creado", lookup_expr="gte")
    creado_hasta = MomentFilter(field_name="creado", lookup_expr="lt")
    es_respuesta = YesNoFilter(method="por_respuesta", label="Whether it answers one client's text")

    def por_respuesta(self, queryset: QuerySet[CampanaSMS], name: str, value: bool) -> QuerySet[CampanaSMS]:
        return queryset.filter(respuesta_a__isnull=not value)


@extend_schema(tags=["campanas"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's campaigns"), retrieve=extend_schema(summary="Read a campaign")
)
class CampanaViewSet(ShopRowsView[CampanaSMS], ReadOnlyModelViewSet[CampanaSMS]):
    serializer_class = CampanaSerializer
    filterset_class = CampanaFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[CampanaSMS]:
        return selectors.campanas_de(self.usuario, solo_prueba=self.de_prueba)

    def get_parsers(self) -> list[Any]:
        """Take large bodies where recipients come in them."""
        asked = (self.action_map or {}).get(str(self.request.method).lower() if self.request else "")
        return [BigJSONParser()] if asked in {"create", "vista_previa"} else super().get_parsers()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and self.action_map.get("get") == "progreso":
            quick = progreso.respuesta(request, kwargs["pk"], ", ".join(self.allowed_methods))
            if quick is not None:
                return quick
        return super().dispatch(request, *args, **kwargs)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args and self.action in {"list", "retrieve"}:
            rows = args[0] if kwargs.get("many") else [args[0]]
            kwargs["context"] = {**self.get_serializer_context(), "progreso": selectors.progreso_de(rows)}
        return super().get_serializer(*args, **kwargs)

    @extend_schema(
        summary="Create a campaign and start sending it, now or at a date",
        description=(
            "Answers as soon as the campaign is stored in `pendiente`; workers send it, or wait for "
            "`programada_para`. Watch `progreso_url`. Each of `destinatarios` has its row in `logs_url`."
        ),
        request=CrearCampanaSerializer,
        responses={201: CampanaSerializer, 409: ErrorSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        usuario = self.usuario
        idempotency = idempotency_of(request)
        if self.de_prueba:
            idempotency = de_prueba(idempotency)
        # Before the body is judged: a repeat is answered as the first call was, whatever has changed since.
        campana = services.campana_con_clave(usuario=usuario, idempotency=idempotency) if idempotency else None
        created = False
        if campana is None:
            serializer = CrearCampanaSerializer(data=request.data, context=self.get_serializer_context())
            serializer.is_valid(raise_exception=True)
            campana, created = _crear(usuario, serializer.validated_data, idempotency, prueba=self.de_prueba)
        body = CampanaSerializer(campana, context=self.get_serializer_context()).data
        headers = {} if created else {"Idempotent-Replayed": "true"}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(
        summary="Count recipients, exclusions, segments and cost of a campaign that does not exist yet",
        description=(
            "With `programada_para` all is judged for the moment at which it would leave then: the cap on contacts, "
            "the caps of that day and month, the shop's hours."
        ),
        request=PreverSerializer,
        responses=VistaPreviaSerializer,
    )
    @action(detail=False, methods=["post"], url_path="vista-previa", filterset_class=None, pagination_class=None)
    def vista_previa(self, request: Request) -> Response:
        serializer = PreverSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        programada_para = data.get("programada_para")
        if programada_para is not None:
            services.validar_fecha(programada_para)
        try:
            body = _prever(self.usuario, _nueva(data, prueba=self.de_prueba))
        except destinatarios.DestinatariosInvalidosError as error:
            raise _refusal(error) from error
        return Response(body)

    @extend_schema(
        summary="Change the name, the text or the date of a campaign that has not started",
        description=(
            "Only of one that waits for its date; 409 for any other. Its recipients stay those of its creation. With a "
            "new text or date a large one waits for approval again, but for a new date of one of more than 100,000 "
            "recipients. The text of one of more than 100,000 recipients, or with `destinatarios`, does not change: "
            "400, `immutable`. A new text is of whoever writes it, and a key never approves what its person changed."
        ),
        request=EditarSerializer,
        responses=MOVED,
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        campana = self.get_object()
        serializer = EditarSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        huella = data.pop("huella", None)
        changed = editar(campana=campana, usuario=self.usuario, cambios=Cambios(**data), huella=huella)
        return Response(self._shown(changed))

    @extend_schema(
        summary="Read the counts by estado, the rate and the time left", responses=ProgresoSerializer, filters=False
    )
    @action(detail=True, filterset_class=None)
    def progreso(self, request: Request, pk: int) -> Response:
        campana = self.get_object()
        return Response(progreso.cuerpo(campana, selectors.progreso_de([campana])[campana.pk]))

    @extend_schema(summary="Pause; messages already handed to Twilio are not recalled", request=None, responses=MOVED)
    @action(detail=True, methods=["post"], filterset_class=None)
    def pausar(self, request: Request, pk: int) -> Response:
        return self._move("pausar", "La pausó una persona.")

    @extend_schema(summary="Resume a paused campaign", request=None, responses=MOVED)
    @action(detail=True, methods=["post"], filterset_class=None)
    def reanudar(self, request: Request, pk: int) -> Response:
        return self._move("reanudar")

    @extend_schema(summary="Cancel for good; what was not sent ends `fallido`", request=None, responses=MOVED)
    @action(detail=True, methods=["post"], filterset_class=None)
    def cancelar(self, request: Request, pk: int) -> Response:
        return self._move("cancelar", "La canceló una persona.")

    @extend_schema(
        summary="Retry the recipients who certainly received nothing, with the clients' present data",
        request=None,
        responses=MOVED,
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def reintentar(self, request: Request, pk: int) -> Response:
        return self._move("reintentar")

    @extend_schema(
        summary="Approve a campaign that waits for it, so that it starts",
        description="Not by a key of whoever made or changed it. Nor, where the shop has `aprobacion_ajena`, by who "
        "made it or wrote its text: 403, `own_campaign`. With the `huella` of another text, date or name: 409, "
        "`changed`.",
        request=DecisionSerializer,
        responses=MOVED,
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def aprobar(self, request: Request, pk: int) -> Response:
        return self._decide(request, aprobar=True)

    @extend_schema(
        summary="Refuse a campaign that waits for approval; it is cancelled",
        request=DecisionSerializer,
        responses=MOVED,
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def rechazar(self, request: Request, pk: int) -> Response:
        return self._decide(request, aprobar=False)

    def _decide(self, request: Request, *, aprobar: bool) -> Response:
        campana = self.get_object()
        serializer = DecisionSerializer(data=request.data or {})
        serializer.is_valid(raise_exception=True)
        campana = aprobaciones.decidir(
            campana=campana,
            usuario=self.usuario,
            aprobar=aprobar,
            motivo=serializer.validated_data.get("motivo", ""),
            con_llave=isinstance(request.auth, LlaveApi),
            huella=serializer.validated_data.get("huella"),
        )
        return Response(self._shown(campana))

    def _shown(self, campana: CampanaSMS) -> Any:
        """The campaign with what is counted of it now."""
        context = {**self.get_serializer_context(), "progreso": selectors.progreso_de([campana])}
        return CampanaSerializer(campana, context=context).data

    def _move(self, name: str, motivo: str = "") -> Response:
        campana = services.mover_campana(campana=self.get_object(), action=name, motivo=motivo)
        return Response(self._shown(campana))


def _crear(
    usuario: Usuario, data: dict[str, Any], idempotency: Idempotency | None, *, prueba: bool
) -> tuple[CampanaSMS, bool]:
    try:
        return services.crear_campana(usuario=usuario, nueva=_nueva(data, prueba=prueba), idempotency=idempotency)
    except destinatarios.DestinatariosInvalidosError as error:
        raise _refusal(error) from error


def _prever(usuario: Usuario, nueva: NuevaCampana) -> dict[str, Any]:
    """Return the body of the preview. Who is named by phone is made a client, to be judged as the engine judges, and is
    none afterwards."""
    with transaction.atomic():
        vista = calcular_vista_previa(
            usuario=usuario,
            mensaje=nueva.mensaje,
            audiencia=services.audiencia_de(usuario, nueva, de_prueba=True),
            clase=nueva.clase,
            remitente=nueva.remitente,
            programada_para=nueva.programada_para,
        )
        body = as_json(vista)
        transaction.set_rollback(bool(nueva.leidos))
    return body


def _nueva(data: dict[str, Any], *, prueba: bool) -> NuevaCampana:
    """Read the campaign that a validated body asks for.

    Raises:
        DestinatariosInvalidosError: naming those of `destinatarios` and the reasons.
    """
    mensaje = _texto(data)
    return NuevaCampana(
        nombre=data.get("nombre"),
        mensaje=mensaje,
        plantilla=data.get("plantilla"),
        remitente=data.get("remitente"),
        audiencia=audiencia_de(data) if data.keys() & {"cliente_ids", "audiencia"} else None,
        leidos=destinatarios.leer(data.get("destinatarios", ()), mensaje),
        clase=data.get("clase", CampanaSMS.Clase.PROMOCIONAL),
        clase_motivo=data.get("clase_motivo", ""),
        programada_para=data.get("programada_para"),
        prueba=prueba,
    )


def _refusal(error: destinatarios.DestinatariosInvalidosError) -> serializers.ValidationError:
    """Nest the errors as DRF nests those of a list's fields."""
    nested: dict[str, Any] = {}
    for one in error.errores:
        *path, last = one.lugar.split(".")
        box = nested
        for part in path:
            box = box.setdefault(part, {})
        box.setdefault(last, []).append(ErrorDetail(one.detail, one.code))
    return serializers.ValidationError({destinatarios.CAMPO: nested})


def _texto(data: dict[str, Any]) -> str:
    plantilla: PlantillaSMS | None = data.get("plantilla")
    return plantilla.mensaje if plantilla else data["mensaje"]
