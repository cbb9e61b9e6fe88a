"""Parts that the views of the API share: the person who calls, and the rows of their shop.

The classes have no docstrings: the views that inherit from them would show those in the API's description.
"""

from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from rest_framework.generics import GenericAPIView
from rest_framework.views import APIView

from core.models import LlaveApi, Usuario

M = TypeVar("M", bound=Model)


# A view whose permissions let in nobody but people who have signed in.
class SignedInView(APIView):
    @property
    def usuario(self) -> Usuario:
        return cast("Usuario", self.request.user)

    # Whether a test key calls.
    @property
    def de_prueba(self) -> bool:
        return isinstance(self.request.auth, LlaveApi) and self.request.auth.prueba


# A view of rows of the caller's shop. Its serializer is a ModelSerializer, and `rows` says which rows.
class ShopRowsView(SignedInView, GenericAPIView[M]):
    def rows(self) -> QuerySet[M]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[M]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made: nobody calls, and only the model matters
            serializer: Any = self.get_serializer_class()
            rows: QuerySet[M] = serializer.Meta.model.objects.none()
            return rows
        return self.rows()
