"""Signals by which other rooms have a say before something is deleted.

Each is sent inside the transaction that deletes a row. A receiver that needs the row raises ConflictError, and it
stays.
"""

from django.dispatch import Signal

plantilla_por_eliminar = Signal()  # plantilla: PlantillaSMS
remitente_por_eliminar = Signal()  # remitente: Remitente
