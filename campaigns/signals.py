"""What other rooms may have to say before something is deleted.

Each is sent inside the transaction that deletes it. Whoever needs it raises ConflictError, and it stays.
"""

from django.dispatch import Signal

plantilla_por_eliminar = Signal()  # plantilla: PlantillaSMS
remitente_por_eliminar = Signal()  # remitente: Remitente
