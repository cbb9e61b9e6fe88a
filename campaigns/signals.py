"""Signals by which rooms further up have a say in what happens below them.

`…_por_eliminar` is sent inside the transaction that deletes a row. A receiver that needs the row raises ConflictError,
and it stays. `entrante_recibido` is sent inside the transaction that keeps a client's text.
"""

from django.dispatch import Signal

plantilla_por_eliminar = Signal()  # plantilla: PlantillaSMS
remitente_por_eliminar = Signal()  # remitente: Remitente
entrante_recibido = Signal()  # entrante: Entrante, a shop's own; unica: bool, whether it is no other shop's too
