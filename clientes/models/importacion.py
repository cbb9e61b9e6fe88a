from django.conf import settings
from django.db import models
from django.db.models import F, Q

ERROR_MAX = 300
MOTIVO_MAX = 300


class Importacion(models.Model):
    """A file of clients, of sales or of the register of excluded numbers that a person uploaded, and what became of it.

    por_confirmar → pendiente → procesando → completada | rechazada | fallida;  rechazada → pendiente

    `procesando` is a committed claim with a token and a lease. Its file is in PostgreSQL, because the web and the
    workers may be on machines that share no disk. Its rows are checked into ImportacionFila, batch by batch; the
    shop's own rows change in one transaction at the end, the same that makes it `completada`.
    """

    class Tipo(models.TextChoices):
        CLIENTES = "clientes", "Clientes"
        VENTAS = "ventas", "Ventas"
        RNE = "rne", "Números excluidos"  # a large file of the register: `clientes.rne`

    class Estado(models.TextChoices):
        POR_CONFIRMAR = "por_confirmar", "Por confirmar"  # uploaded; the person has not chosen the columns yet
        PENDIENTE = "pendiente", "En espera"  # free to be claimed
        PROCESANDO = "procesando", "Importando"  # claimed by a worker
        COMPLETADA = "completada", "Completada"  # its good rows are in the shop
        RECHAZADA = "rechazada", "Nada se importó"  # all or nothing, and some row was bad
        FALLIDA = "fallida", "Falló"  # the file could not be read to its end: `error`

    class Etapa(models.TextChoices):
        LEYENDO = "leyendo", "Revisando las filas"
        GUARDANDO = "guardando", "Guardando"

    class Clave(models.TextChoices):
        """The key by which a row finds the client, or the sale, that is already there."""

        DOCUMENTO = "documento", "Por documento"
        TELEFONO = "telefono", "Por teléfono"
        NINGUNA = "ninguna", "Crear siempre"
        REFERENCIA = "referencia", "Por referencia"  # sales

    class Modo(models.TextChoices):
        BUENAS = "buenas", "Las filas buenas"
        TODO = "todo", "Todo o nada"

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="importaciones", db_index=False
    )
    tipo = models.CharField(max_length=8, choices=Tipo, default=Tipo.CLIENTES)
    estado = models.CharField(max_length=13, choices=Estado, default=Estado.POR_CONFIRMAR)
    etapa = models.CharField(max_length=9, choices=Etapa, default=Etapa.LEYENDO)
    error = models.CharField(max_length=ERROR_MAX, blank=True, default="")

    archivo = models.CharField(max_length=200)
    formato = models.JSONField(default=dict)  # how to read it: `clientes.importacion.formato.Formato`
    muestra = models.JSONField(default=list)  # the table's first rows as they are, titles included
    examen = models.JSONField(default=dict)  # what was seen in it: `clientes.importacion.lectura.Hechos`
    con_titulos = models.BooleanField(default=True)
    columnas = models.JSONField(default=dict)  # field: position of its column, from 0
    clave = models.CharField(max_length=10, choices=Clave, default=Clave.DOCUMENTO)
    modo = models.CharField(max_length=6, choices=Modo, default=Modo.BUENAS)
    telefono_invalido = models.BooleanField(default=False)  # a client with a phone that is none is taken too
    etiqueta = models.CharField(max_length=40, blank=True, default="", db_default="")  # for all of them
    sin_ocultas = models.BooleanField(default=False)  # rows that a filter hides are left out
    pedido = models.JSONField(default=dict, blank=True)  # of the register: `clientes.rne.services.Pedido`

    filas = models.PositiveIntegerField(default=0)  # an estimate until the file is read
    leidas = models.PositiveIntegerField(default=0)  # not counting empty ones
    ultima_fila = models.PositiveIntegerField(default=0)  # number of the last row that was read
    creadas = models.PositiveIntegerField(default=0)
    actualizadas = models.PositiveIntegerField(default=0)
    sin_cambios = models.PositiveIntegerField(default=0)
    rechazadas = models.PositiveIntegerField(default=0)
    repetidas = models.PositiveIntegerField(default=0)  # same key as an earlier row: not applied
    omitidas = models.PositiveIntegerField(default=0)  # hidden rows that were left out, not among `leidas`
    telefonos_repetidos = models.PositiveIntegerField(default=0)  # applied or not

    token = models.UUIDField(null=True, blank=True)
    lease_hasta = models.DateTimeField(null=True, blank=True)
    intentos = models.PositiveSmallIntegerField(default=0)  # claims since a row was last read
    creado = models.DateTimeField(auto_now_add=True)
    iniciada_en = models.DateTimeField(null=True, blank=True)
    terminada_en = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "importación"
        verbose_name_plural = "importaciones"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                name="importacion_procesando_tiene_claim",
                condition=~Q(estado="procesando") | Q(token__isnull=False, lease_hasta__isnull=False),
            ),
            models.CheckConstraint(
                name="importacion_completada_cuadra",
                condition=~Q(estado="completada")
                | Q(
                    leidas=F("creadas") + F("actualizadas") + F("sin_cambios") + F("rechazadas") + F("repetidas"),
                    terminada_en__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["usuario", "id"], name="importacion_por_tienda"),
            # the worker that looks for the next one
            models.Index(
                fields=["id"], name="importacion_por_hacer", condition=Q(estado__in=["pendiente", "procesando"])
            ),
        ]

    def __str__(self) -> str:
        return self.archivo

    @property
    def viva(self) -> bool:
        """Tell whether a worker has, or will have, to do with it."""
        return self.estado in {self.Estado.PENDIENTE, self.Estado.PROCESANDO}

    @property
    def aceptadas(self) -> int:
        """Rows that are in the shop now."""
        return self.creadas + self.actualizadas + self.sin_cambios

    @property
    def en_archivo(self) -> int:
        """Rows of the file, without the titles and what is above them."""
        return self.leidas + self.omitidas

    @property
    def porcentaje(self) -> int:
        """0 to 100; reading is most of the work, and 100 only when it is over."""
        if not self.viva:
            return 100
        if self.etapa == self.Etapa.GUARDANDO:
            return 90
        return min(90, self.leidas * 90 // self.filas) if self.filas else 0


class ImportacionTrozo(models.Model):
    """A piece of the uploaded file; gone when the import is over."""

    importacion = models.ForeignKey(Importacion, on_delete=models.CASCADE, related_name="trozos", db_index=False)
    numero = models.PositiveIntegerField()
    datos = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["importacion", "numero"], name="importacion_trozo_unico"),
        ]

    def __str__(self) -> str:
        return f"Trozo {self.numero}"


class ImportacionFila(models.Model):
    """A row of the file, checked. When the import is over only those stay that a person has to see."""

    class Resultado(models.TextChoices):
        BUENA = "", "Buena"
        RECHAZADA = "rechazada", "Rechazada"
        REPETIDA = "repetida", "Repetida"

    importacion = models.ForeignKey(Importacion, on_delete=models.CASCADE, related_name="detalle", db_index=False)
    numero = models.PositiveIntegerField()  # of the row in the file, from 1, as a spreadsheet counts
    celdas = models.JSONField()  # as they are in the file
    datos = models.JSONField(null=True)  # what they mean; NULL when they mean nothing
    resultado = models.CharField(max_length=9, choices=Resultado, blank=True, default=Resultado.BUENA)
    motivo = models.CharField(max_length=MOTIVO_MAX, blank=True, default="")
    aviso = models.CharField(max_length=MOTIVO_MAX, blank=True, default="")  # who else has its phone

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["importacion", "numero"], name="importacion_fila_unica"),
        ]

    def __str__(self) -> str:
        return f"Fila {self.numero}"
