"""The workers' memory of their own work. The campaigns' rows are in `campaigns`."""

from django.db import models


class Turno(models.Model):
    """The moment when a worker last did a task that every worker process offers to do, one row a task:
    `workers.engine.rounds.turns`."""

    tarea = models.CharField(max_length=20, primary_key=True)
    tomado_en = models.DateTimeField()

    def __str__(self) -> str:
        return self.tarea


class Arriendo(models.Model):
    """The right of one process to do a task alone, until it ends or has been silent for too long:
    `workers.engine.base.locks`."""

    tarea = models.CharField(max_length=20, primary_key=True)
    titular = models.UUIDField()
    hasta = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tarea}, hasta {self.hasta:%H:%M:%S}"


class Epoca(models.Model):
    """The stretch of PostgreSQL's history in which messages may be claimed, in one row: `workers.engine.base.epoch`."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sistema = models.BigIntegerField()
    linea = models.CharField(max_length=8)
    arranque = models.DateTimeField()
    tabla = models.BigIntegerField()
    desde = models.DateTimeField()  # when it was written

    def __str__(self) -> str:
        return f"línea {self.linea}, desde {self.arranque:%Y-%m-%d %H:%M:%S}"
