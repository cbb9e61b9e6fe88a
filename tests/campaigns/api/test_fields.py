"""The fields that several resources share."""

import pytest
from rest_framework.serializers import Serializer

from campaigns.api.campanas_serializers import TextoYAudienciaSerializer
from campaigns.api.enviar_sms import EnviarSMSSerializer
from campaigns.api.fields import MensajeField
from campaigns.api.plantillas import PlantillaSerializer
from campaigns.api.programaciones_serializers import ProgramacionSerializer


@pytest.mark.parametrize(
    "serializer", [TextoYAudienciaSerializer, EnviarSMSSerializer, PlantillaSerializer, ProgramacionSerializer]
)
@pytest.mark.parametrize("written", ["Hola\r\nAna ", "Hola\rAna ", "Hola\nAna "])
def test_a_line_end_of_a_message_is_one_character_by_every_door(
    serializer: type[Serializer[object]], written: str
) -> None:
    field = serializer().fields["mensaje"]
    assert isinstance(field, MensajeField)
    assert field.run_validation(written) == "Hola\nAna "
