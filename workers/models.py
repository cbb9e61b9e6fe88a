"""What the workers remember about their own work. The campaigns' rows are in `campaigns`."""

from django.db import models


class Turno(models.Model):
    """When somebody last did what every worker process offers to do, one row a task: `workers.engine.rounds.turns`."""

    tarea = models.CharField(max_length=20, primary_key=True)
    tomado_en = models.DateTimeField()

    def __str__(self) -> str:
        return self.tarea
