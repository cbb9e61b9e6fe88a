"""Signals by which other rooms have a say about a client."""

from django.dispatch import Signal

# Sent inside the transaction that erases a client's personal data, with the client as it still is, locked. A
# receiver that keeps a copy of the data erases it; one that still needs it raises ConflictError, and nothing is erased.
cliente_por_anonimizar = Signal()  # cliente: Cliente

# Somebody of this shop may be sent to no more, or the register has changed: messages that wait are judged again. A
# client's own opt-out needs no word: each claim asks for it.
exclusiones_cambiaron = Signal()  # usuario_id: int
# Sent inside the transaction that deletes it. A receiver that needs it raises ConflictError, and it stays.
etiqueta_por_eliminar = Signal()  # etiqueta: Etiqueta
segmento_por_eliminar = Signal()  # segmento: Segmento
