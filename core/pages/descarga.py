"""A shop's data as a file that leaves: the security log says who took it, and which file it was once it is complete."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.http import HttpRequest, StreamingHttpResponse

from core.models import Usuario
from core.registro import Tipo, anotar
from core.text import planilla

COMPLETO: Final = "{que}: completo, SHA-256 {huella}"


def descargar(
    request: HttpRequest,
    usuario: Usuario,
    *,
    que: str,
    nombre: str,
    titulos: Sequence[str],
    filas: Iterable[Sequence[object]],
) -> StreamingHttpResponse:
    """Answer with a CSV, and write down who takes it, before its first byte and after its last.

    By the hash a file that turns up somewhere is known for the one that a person took. A download that was broken off
    has no second line.

    Args:
        que: what it is, for the people of the shop.
        nombre: of the file, ASCII, without its ending.
    """
    anotar(Tipo.EXPORTACION, usuario=usuario, detalle=que)

    def completo(huella: str) -> None:
        anotar(Tipo.EXPORTACION, usuario=usuario, request=request, detalle=COMPLETO.format(que=que, huella=huella))

    return planilla.descarga(nombre, titulos, filas, completo=completo)
