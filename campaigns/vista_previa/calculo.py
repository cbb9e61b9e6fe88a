"""The count of what a campaign will do and cost, before it exists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.db.models.functions import Length

from campaigns.audiencia.juicio import enviables_de
from campaigns.audiencia.medida import medir
from campaigns.audiencia.seleccion import Audiencia, Llamado
from campaigns.ley.jornada import Jornada, dia_del_envio
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.partes import Partes, contar, letras_ucs2
from campaigns.mensaje.plano import invisibles, sin_invisibles, transliterar
from campaigns.mensaje.quien import con_nombre
from campaigns.mensaje.texto import con_enlace, render, validate, validate_length
from campaigns.models import Ajustes, CampanaSMS, Remitente
from campaigns.remitentes import valor_de
from campaigns.vista_previa import firma
from campaigns.vista_previa.aprobaciones import costo_a_aprobar, por_que_espera
from campaigns.vista_previa.costo import Costo, calcular
from campaigns.vista_previa.reparto import Reparto, repartir
from clientes.models import Cliente
from core.models import Usuario

EXAMPLES = 3
TANDA: Final = 500  # of the called, looked up at once


@dataclass(frozen=True, slots=True)
class Ejemplo:
    """One rendered text and what it takes."""

    cliente_id: int
    nombre: str
    mensaje: str
    segmentos: Partes


@dataclass(frozen=True, slots=True)
class VistaPrevia:
    """The preview of a campaign.

    Args:
        total: recipients, sendable or not.
        reparto: when the messages would leave, and who would get none.
        costo: of the text as it is, of those who would be sent to by the deadline.
        letras_ucs2: what in the text itself forces UCS-2.
        invisibles: the names of what nobody sees in it.
        ejemplos: the first texts; `mas_largo` is the longest name's.
        transliterado: the text without those letters, and `costo_transliterado` what it would cost; None when the
            text has none.
        sin_nombre: the shop's name, when the text lacks it, and `costo_con_nombre` what the text costs with it in
            front; "" and None when it has it, or the shop has none.
        ajustes: of the shop.
        a_toda_hora: the shop's windows and its cap on contacts are not for it.
        programada_para: when it is to start; None is now.
        no_celulares: of those who would be sent to, the ones whose number is no mobile phone's.
        aprobacion: why it would wait for approval; "" when it would not.
    """

    total: int
    reparto: Reparto
    costo: Costo
    letras_ucs2: list[str]
    invisibles: list[str]
    ejemplos: list[Ejemplo]
    mas_largo: Ejemplo | None
    transliterado: str | None
    costo_transliterado: Costo | None
    sin_nombre: str
    costo_con_nombre: Costo | None
    ajustes: Ajustes
    a_toda_hora: bool
    programada_para: datetime | None
    no_celulares: int
    aprobacion: str

    @property
    def jornada(self) -> Jornada | None:
        """Return the stretch in which the first messages could leave; None when the shop's timetable has none."""
        return self.reparto.jornada

    @property
    def letras_a_la_vista(self) -> list[str]:
        """Return those letters that are seen; the others have their names."""
        return [letra for letra in self.letras_ucs2 if sin_invisibles(letra) == letra]


def calcular_vista_previa(
    *,
    usuario: Usuario,
    mensaje: str,
    audiencia: Audiencia,
    remitente: Remitente | None = None,
    clase: str = CampanaSMS.Clase.PROMOCIONAL,
    programada_para: datetime | None = None,
) -> VistaPrevia:
    """Judge, render and count, without writing anything.

    Args:
        remitente: None for the installation's sender.
        clase: of `CampanaSMS.Clase`.
        programada_para: when it is to start; None is now. All is judged for the day on which it would leave then.

    Raises:
        InvalidInputError: what creating the campaign would refuse, with the same field and text.
    """
    validate(mensaje, conocidas=audiencia.variables)
    medida = medir(audiencia, tenant_id=usuario.tenant_id)
    if audiencia.incluir:  # the texts of the called are measured as they are read
        validate_length(mensaje, longest_nombre=medida.longest_nombre)
    ajustes = ajustes_de(usuario.tenant_id)
    firma.exigir(mensaje, ajustes)
    a_toda_hora = clase != CampanaSMS.Clase.PROMOCIONAL
    reparto = repartir(
        audiencia,
        mensaje,
        ajustes=ajustes,
        remitente=remitente,
        a_toda_hora=a_toda_hora,
        desde=programada_para,
        total=medida.total,
    )
    dia = dia_del_envio(ajustes, a_toda_hora=a_toda_hora, desde=reparto.saldra_en or programada_para)
    grupos = reparto.grupos
    costo = calcular(mensaje, grupos)
    a_aprobar = costo_a_aprobar(
        mensaje, audiencia, ajustes=ajustes, remitente=remitente, a_toda_hora=a_toda_hora, desde=programada_para
    )
    enlazado = con_enlace(mensaje)
    plain = transliterar(mensaje)
    missing = firma.falta(mensaje, usuario, ajustes)
    sendable = enviables_de(audiencia, ajustes=ajustes, dia=dia, remitente=valor_de(remitente), a_toda_hora=a_toda_hora)
    longest = sendable.order_by(Length("nombre").desc(), "pk").first()
    llamados = {one.quien: one for one in audiencia.llamados}
    return VistaPrevia(
        total=medida.total,
        reparto=reparto,
        costo=costo,
        letras_ucs2=letras_ucs2(mensaje),
        invisibles=invisibles(mensaje),
        ejemplos=[_ejemplo(enlazado, cliente, llamados) for cliente in sendable.order_by("pk")[:EXAMPLES]],
        mas_largo=_mas_largo(enlazado, longest, sendable, llamados) if longest else None,
        transliterado=plain if plain != mensaje else None,
        costo_transliterado=calcular(plain, grupos) if plain != mensaje else None,
        sin_nombre=missing,
        costo_con_nombre=calcular(con_nombre(mensaje, missing), grupos) if missing else None,
        ajustes=ajustes,
        a_toda_hora=a_toda_hora,
        programada_para=programada_para,
        no_celulares=costo.no_celulares,
        aprobacion=por_que_espera(
            ajustes, total=medida.total, costo=a_aprobar.tienda, costo_operador=a_aprobar.operador
        ),
    )


def _ejemplo(mensaje: str, cliente: Cliente, llamados: Mapping[int, Llamado]) -> Ejemplo:
    uno = llamados.get(cliente.pk)
    nombre, valores = (uno.nombre, uno.valores) if uno else (cliente.nombre, None)
    texto = render(mensaje, nombre, valores=valores)
    return Ejemplo(cliente.pk, nombre, texto, contar(texto))


def _mas_largo(mensaje: str, longest: Cliente, sendable: QuerySet[Cliente], llamados: Mapping[int, Llamado]) -> Ejemplo:
    """Return the longest of the texts.

    Args:
        longest: of those who are sent to, the one with the longest name.
    """
    found = _ejemplo(mensaje, longest, llamados)
    sizes = {one.quien: len(render(mensaje, one.nombre, valores=one.valores)) for one in llamados.values()}
    longer = sorted((quien for quien in sizes if sizes[quien] > len(found.mensaje)), key=lambda quien: -sizes[quien])
    for at in range(0, len(longer), TANDA):
        tanda = longer[at : at + TANDA]
        sent = {cliente.pk: cliente for cliente in sendable.filter(pk__in=tanda)}
        if first := next((sent[quien] for quien in tanda if quien in sent), None):
            return _ejemplo(mensaje, first, llamados)
    return found
