"""Counts of a shop's clients, kept where clients change: by triggers of the database, so that no writer forgets.

A row that a thousand writers change would make each wait for the one before. So nobody changes a count: who writes
clients adds rows with what became more or less, and every so often these are summed (`clientes.conteos`).
"""

from django.db import models


class Conteo(models.Model):
    """A number of clients more, or less, of a kind: those whom a campaign treats alike by what their own rows say.

    The sum over the rows of a shop, or of a tag, is how many there are.
    """

    class Telefono(models.IntegerChoices):
        NINGUNO = 0
        INVALIDO = 1
        VALIDO = 2
        PRUEBA = 3  # one of the operator's test numbers, whatever their country

    usuario_id = models.BigIntegerField()  # no foreign key: whoever is deleted leaves nothing behind but zeros
    etiqueta_id = models.BigIntegerField(default=0)  # 0: the whole shop, with a tag or without
    activo = models.BooleanField()
    telefono = models.SmallIntegerField(choices=Telefono)
    movil = models.BooleanField()
    pais = models.CharField(max_length=2)
    consentido = models.BooleanField()
    clase = models.CharField(max_length=4)  # of the name's letters: `clientes.conteos`
    largo = models.SmallIntegerField()  # of the name, in characters
    n = models.BigIntegerField()
    sumado = models.BooleanField(default=False, db_default=False)  # false: not summed with the others of its kind yet

    class Meta:
        indexes = [
            models.Index(fields=["usuario_id", "etiqueta_id"], name="conteo_por_tienda"),
            models.Index(fields=["usuario_id"], name="conteo_por_sumar", condition=models.Q(sumado=False)),
        ]

    def __str__(self) -> str:
        return f"{self.n:+} de {self.usuario_id}"


class Novedad(models.Model):
    """New phones of a shop: those of its clients from one id to another, which nobody has compared with the others."""

    usuario_id = models.BigIntegerField()
    desde = models.BigIntegerField()
    hasta = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["usuario_id"], name="novedad_por_tienda")]

    def __str__(self) -> str:
        return f"{self.desde}-{self.hasta}"


class Compartido(models.Model):
    """A client whose phone another client of the shop has too, or had. No phone is here: who is forgotten is."""

    usuario_id = models.BigIntegerField()
    cliente_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["usuario_id", "cliente_id"], name="compartido_una_vez")]

    def __str__(self) -> str:
        return str(self.cliente_id)


class Contada(models.Model):
    """A shop all of whose clients are in its counts: those of before the triggers, too."""

    usuario_id = models.BigIntegerField(primary_key=True)
    en = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.usuario_id)
