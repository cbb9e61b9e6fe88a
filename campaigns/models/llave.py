from django.db import models


class Llave(models.Model):
    """A secret of this installation, made on first use.

    In the database and not in the environment: a link in a message sent last year must work whatever SECRET_KEY is by
    now, and a restored backup brings the key of its messages along.
    """

    nombre = models.CharField(max_length=20, primary_key=True)
    valor = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return self.nombre
