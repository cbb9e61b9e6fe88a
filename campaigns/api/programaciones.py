from typing import Any, cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from campaigns.api.programaciones_serializers import OcurrenciaSerializer, ProgramacionSerializer
from campaigns.campana.selectors import progreso_de
from campaigns.models import Ocurrencia, Programacion
from campaigns.programaciones import selectors, services
from core.api.base import ShopRowsView
from core.api.filters import TextFilter, YesNoFilter
from core.api.idempotency import clave_de, header
from core.api.schema import ErrorSerializer
from core.idempotency import Idempotency

MOVED = {200: ProgramacionSerializer, 409: ErrorSerializer}
IDEMPOTENCY_KEY = header(
    "The same key again answers with the occurrence that the first call made (header `Idempotent-Replayed: true`)."
)


class ProgramacionFilter(filters.FilterSet):
    activa = YesNoFilter()
    q = TextFilter(field_name="nombre", lookup_expr="icontains", label="Part of the name")


@extend_schema(tags=["programaciones"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's recurring campaigns"),
    create=extend_schema(
        summary="Create a recurring campaign",
        description=(
            "Each occurrence makes one campaign, with the audience and the template's text as they are then, whatever "
            "happens to the clock, the queue or the machine: a campaign that could not be made in time is made late "
            "within `gracia_minutos`, or the occurrence is recorded as skipped with the reason. Where the zone changes "
            "its clocks, an hour that is skipped means the first moment after it, and an hour that comes twice means "
            "the first of the two."
        ),
    ),
    retrieve=extend_schema(summary="Read a recurring campaign"),
    update=extend_schema(summary="Replace a recurring campaign's definition"),
    partial_update=extend_schema(summary="Change some fields of a recurring campaign"),
    destroy=extend_schema(summary="Delete a recurring campaign and its history; the campaigns that it made stay"),
)
class ProgramacionViewSet(ShopRowsView[Programacion], ModelViewSet[Programacion]):
    serializer_class = ProgramacionSerializer
    filterset_class = ProgramacionFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Programacion]:
        return selectors.programaciones_de(self.usuario, solo_prueba=self.de_prueba)

    def perform_create(self, serializer: BaseSerializer[Programacion]) -> None:
        asked = cast("ProgramacionSerializer", serializer).definicion()
        serializer.instance = services.crear_programacion(usuario=self.usuario, definicion=asked, prueba=self.de_prueba)

    def perform_update(self, serializer: BaseSerializer[Programacion]) -> None:
        asked = cast("ProgramacionSerializer", serializer).definicion()
        serializer.instance = services.cambiar_programacion(
            programacion=cast("Programacion", serializer.instance), usuario=self.usuario, definicion=asked
        )

    def perform_destroy(self, instance: Programacion) -> None:
        services.eliminar_programacion(programacion=instance)

    @extend_schema(
        summary="Pause a recurring campaign; the occurrences of the pause are skipped", request=None, responses=MOVED
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def pausar(self, request: Request, pk: int) -> Response:
        return self._answer(services.pausar_programacion(programacion=self.get_object()))

    @extend_schema(
        summary="Resume a recurring campaign with the first occurrence after now", request=None, responses=MOVED
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def reanudar(self, request: Request, pk: int) -> Response:
        return self._answer(services.reanudar_programacion(programacion=self.get_object()))

    @extend_schema(
        summary="Run a recurring campaign now: one more campaign, whatever the schedule says",
        description="The schedule does not change. The call also works while the recurring campaign is paused or over.",
        request=None,
        responses={201: OcurrenciaSerializer, 400: ErrorSerializer, 409: ErrorSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def ejecutar(self, request: Request, pk: int) -> Response:
        programacion = self.get_object()
        key = clave_de(request)
        ocurrencia, created = services.ejecutar_programacion(
            programacion=programacion,
            usuario=self.usuario,
            idempotency=Idempotency.of(key, {"ejecutar": programacion.pk}) if key is not None else None,
        )
        body = OcurrenciaSerializer(ocurrencia, context=self.get_serializer_context()).data
        headers = {} if created else {"Idempotent-Replayed": "true"}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    def _answer(self, programacion: Programacion) -> Response:
        return Response(ProgramacionSerializer(programacion, context=self.get_serializer_context()).data)


@extend_schema(tags=["programaciones"], summary="List the occurrences, the latest first, with campaigns and results")
class OcurrenciaListView(ShopRowsView[Ocurrencia], ListAPIView[Ocurrencia]):
    serializer_class = OcurrenciaSerializer

    def rows(self) -> QuerySet[Ocurrencia]:
        found = selectors.programaciones_de(self.usuario, solo_prueba=self.de_prueba)
        programacion = get_object_or_404(found, pk=self.kwargs["pk"])
        return selectors.ocurrencias_de(programacion)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args:
            rows = selectors.campanas_de(list(args[0]))
            kwargs["context"] = {**self.get_serializer_context(), "progreso": progreso_de(rows)}
        return super().get_serializer(*args, **kwargs)
