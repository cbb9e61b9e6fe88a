"""Users. A shop is known by its founder, whose id all its rows have; its people see them as far as their role goes."""

import secrets
from collections.abc import Collection
from typing import Any, ClassVar, Final

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils.crypto import salted_hmac

from core.permisos import Accion, Rol, permisos_de

# Django's own, so that sessions from before `sal_sesion` stay good: AbstractBaseUser._get_session_auth_hash
SAL: Final = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
NO_SE_MUDA: Final = "Una persona no pasa de una tienda a otra: cree otra persona allí."


# A person has a new password, by whatever way.
clave_cambiada: Final = Signal()


class Usuarios(UserManager["Usuario"]):
    use_in_migrations = False

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> "Usuario":
        """Make an operator of the installation, who owns no shop unless the caller says so."""
        return super().create_superuser(username, email, password, **{"rol": Rol.PLATAFORMA, **extra_fields})


class Usuario(AbstractUser):
    Rol = Rol

    objects: ClassVar = Usuarios()

    rol = models.CharField(max_length=10, choices=Rol, default=Rol.ADMIN)
    creado_por = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="equipo",
        limit_choices_to={"rol": Rol.ADMIN, "creado_por": None},
        verbose_name="de la tienda de",
        help_text="Quien fundó la tienda. Vacío: funda una, o es de la instalación.",
    )
    # A founder's: what stands on the page of an opt-out link.
    tienda = models.CharField(
        "nombre de la tienda",
        max_length=80,
        blank=True,
        default="",
        help_text="Como la conocen sus clientes: lo ven en la página donde piden no recibir más mensajes.",
    )
    sin_guia = models.BooleanField(default=False, db_default=False, editable=False)  # put the first day's steps away
    # The founder went away, and the shop goes on: the row stays, since the shop's rows have its id. A founder who is
    # not active is another thing, a shop that is closed.
    retirado = models.BooleanField(
        "se retiró", default=False, db_default=False, help_text="Fundó la tienda y ya no entra; la tienda sigue."
    )

    # Part of what a session is held against: sessions end when it changes.
    sal_sesion = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)

    # Somebody else chose the password, or may have read it: until its owner chooses one, it opens nothing else.
    clave_ajena = models.BooleanField(default=False, db_default=False, editable=False)
    # Whether a password that is being set is its owner's choice, whoever is signed in: a link of their own says so.
    clave_propia: bool = False

    class Meta(AbstractUser.Meta):
        verbose_name = "usuario"
        verbose_name_plural = "usuarios"
        constraints: ClassVar = [
            # Who founds a shop is its admin for good; who is of one has a role in it; an operator is of none.
            models.CheckConstraint(
                name="usuario_de_una_tienda",
                condition=Q(rol__in=[Rol.ADMIN, Rol.PLATAFORMA], creado_por__isnull=True)
                | (Q(creado_por__isnull=False) & ~Q(rol=Rol.PLATAFORMA)),
                violation_error_message="«De la tienda de» es obligatorio para quien no funda una tienda, y no va en un"
                " operador de la instalación.",
            ),
            models.CheckConstraint(
                name="usuario_retirado_fundo",
                condition=Q(retirado=False) | Q(creado_por__isnull=True),
                violation_error_message="Solo se retira quien fundó una tienda; a los demás se los desactiva.",
            ),
        ]

    def clean(self) -> None:
        """Refuse to move a person from one shop to another: what they founded or did would be left behind.

        Raises:
            ValidationError: they would move.
        """
        super().clean()
        if self.pk and Usuario.objects.filter(pk=self.pk).exclude(creado_por=self.creado_por_id).exists():
            raise ValidationError({"creado_por": NO_SE_MUDA}, code="invalid")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, by whatever way: a new password ends the keys of the API, and a person who is kept out loses sessions
        and keys for good, so that neither is good again when they are let in.

        Whose choice a new password is, `core.first_password` says.
        """
        fields = kwargs.get("update_fields")
        out = (not self.is_active or self.retirado) and (
            fields is None or not {"is_active", "retirado"}.isdisjoint(fields)
        )
        # Django's own mark; a stronger hash of the same password leaves it None.
        new_password = getattr(self, "_password", None) is not None
        new = self._state.adding  # a first password is no change of one
        if out:
            self.sal_sesion = secrets.token_hex(16)
            fields = kwargs["update_fields"] = fields if fields is None else {*fields, "sal_sesion"}
        if new_password:
            kwargs["update_fields"] = fields if fields is None else {*fields, "clave_ajena"}
        with transaction.atomic():
            super().save(*args, **kwargs)
            if out or new_password:
                self.llaves.filter(revocada_en=None).update(revocada_en=Now())
            if out and not self.is_active and self.creado_por_id is None:
                self._end_the_shops()
        if new_password and not new:
            clave_cambiada.send(Usuario, usuario=self)

    def _end_the_shops(self) -> None:
        """End what the people of a shop that is closed have open, so that none of it is good when it opens again."""
        self.equipo.update(sal_sesion=secrets.token_hex(16))
        LlaveApi.objects.filter(usuario__creado_por=self, revocada_en=None).update(revocada_en=Now())

    def end_sessions(self) -> None:
        """End every session of the person, at once and for good."""
        self.sal_sesion = secrets.token_hex(16)
        self.save(update_fields=["sal_sesion"])

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        return salted_hmac(SAL, self.password + self.sal_sesion, secret=secret, algorithm="sha256").hexdigest()

    @property
    def es_admin(self) -> bool:
        return self.rol == Rol.ADMIN

    @property
    def es_tienda(self) -> bool:
        """Tell whether a shop's rows have this person's id: they founded it."""
        return self.creado_por_id is None and self.rol == Rol.ADMIN

    @property
    def permisos(self) -> frozenset[Accion]:
        """Return all that the person may do in their shop."""
        return permisos_de(self.rol)

    def puede(self, accion: Accion) -> bool:
        return accion in self.permisos

    @property
    def fundador(self) -> "Usuario":
        """Return who founded the person's shop: the shop's name stands on their row."""
        return self.creado_por or self

    @property
    def nombre_tienda(self) -> str:
        """The shop's name as clients know it; its founder's own name until the shop has one."""
        shop = self.fundador
        return shop.tienda or shop.get_full_name() or shop.username

    @property
    def dentro(self) -> bool:
        """Tell whether the person belongs to those who come in, as far as it is about themselves."""
        return self.is_active and not self.retirado

    @property
    def puede_ingresar(self) -> bool:
        """Tell whether the person may sign in: nobody does into a shop that is closed."""
        return self.dentro and (self.creado_por is None or self.creado_por.is_active)

    @property
    def tenant_id(self) -> int:
        """Return the id of the shop, which is its founder's. Every query of the product filters by it."""
        return self.pk if self.creado_por_id is None else self.creado_por_id


class Factor(models.Model):
    """The second thing that a person shows besides the password: codes of an app, RFC 6238.

    The secret must be known to compute the codes, so it is kept as it is; `core.factor` is all that reads it.
    """

    usuario = models.OneToOneField(Usuario, on_delete=models.CASCADE, primary_key=True, related_name="factor")
    secreto = models.CharField(max_length=64)  # Base32
    paso = models.BigIntegerField(default=0)  # of 30 s: the last one whose code was used
    desde = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"segundo factor de {self.usuario_id}"


class CodigoRecuperacion(models.Model):
    """A code for the day on which the phone is lost. It is deleted when it is used."""

    factor = models.ForeignKey(Factor, on_delete=models.CASCADE, related_name="codigos")
    huella = models.CharField(max_length=64)  # SHA-256, in hex

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["factor", "huella"], name="codigo_uno_por_factor")]

    def __str__(self) -> str:
        return f"código de recuperación de {self.factor_id}"


class LlaveAcceso(models.Model):
    """A passkey, which may stand in for a code. What is kept of it is public."""

    factor = models.ForeignKey(Factor, on_delete=models.CASCADE, related_name="llaves")
    nombre = models.CharField(max_length=60)
    credencial = models.CharField(max_length=1400, unique=True)  # its id, base64url
    clave_publica = models.TextField()  # COSE, base64url
    contador = models.BigIntegerField()  # of its signatures, as far as it counts them
    creada = models.DateTimeField(db_default=Now())
    usada = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "llaves de acceso"

    def __str__(self) -> str:
        return self.nombre


class Sesion(models.Model):
    """A person's open session, and where it was opened. What else is known of it stands in Django's own row."""

    sesion = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="+")
    usuario = models.ForeignKey(Usuario, on_delete=models.CASCADE, related_name="sesiones")
    ip = models.GenericIPAddressField(null=True)
    agente = models.CharField(max_length=300, blank=True, default="")  # the User-Agent

    class Meta:
        verbose_name_plural = "sesiones"

    def __str__(self) -> str:
        return f"sesión {self.pk} de {self.usuario_id}"


class CorreoPendiente(models.Model):
    """An email of somebody's account that has to leave, until the mail server has taken it or it is worth nothing.

    No link to a new password is kept: it is made when the email leaves.
    """

    class Tipo(models.TextChoices):
        PEDIDO = "pedido", "Alguien pidió un enlace"  # `texto`: what was typed, which may be nobody's
        ENLACE = "enlace", "Enlace para poner una clave"  # of `usuario`
        TEXTO = "texto", "Aviso"  # as it is

    tipo = models.CharField(max_length=6, choices=Tipo)
    usuario = models.ForeignKey(Usuario, null=True, on_delete=models.CASCADE, related_name="+")
    correo = models.CharField(max_length=254, blank=True, default="")
    asunto = models.CharField(max_length=200, blank=True, default="")
    texto = models.TextField(blank=True, default="")
    ip = models.CharField(max_length=45, blank=True, default="")
    creado = models.DateTimeField(db_default=Now())
    vence_en = models.DateTimeField()
    intentos = models.PositiveSmallIntegerField(default=0)
    proximo_intento = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "correos pendientes"
        indexes = (models.Index(fields=["proximo_intento"], name="correo_por_salir"),)

    def __str__(self) -> str:
        return f"correo {self.pk}, {self.tipo}"


class Pulso(models.Model):
    """A process that works: each worker process and beat say every few seconds that they live.

    In PostgreSQL, so that it is still known when Redis is down. `core.ops.pulses` writes and reads it.
    """

    class Tipo(models.TextChoices):
        WORKER = "worker", "Worker"
        BEAT = "beat", "Reloj"

    nombre = models.CharField(max_length=200, primary_key=True)  # Celery's node name: `worker-1@host`
    tipo = models.CharField(max_length=6, choices=Tipo)
    pid = models.PositiveIntegerField()
    colas = models.JSONField(default=list)  # the queues it takes tasks from
    mensajes = models.PositiveIntegerField(default=0, db_default=0)  # that it may have on their way at a time
    desde = models.DateTimeField()
    visto = models.DateTimeField()  # by PostgreSQL's clock

    class Meta:
        ordering = ("tipo", "nombre")

    def __str__(self) -> str:
        return self.nombre


class Contador(models.Model):
    """A count that all worker processes together have reached since the installation: see `core.ops.series`."""

    serie = models.CharField(max_length=100)  # Prometheus's name of the sample
    etiquetas = models.CharField(max_length=300)  # its labels, as canonical JSON
    valor = models.FloatField()

    class Meta:
        verbose_name_plural = "contadores"
        constraints: ClassVar = [models.UniqueConstraint(fields=["serie", "etiquetas"], name="contador_uno_por_serie")]

    def __str__(self) -> str:
        return f"{self.serie}{self.etiquetas} {self.valor:g}"


class Registro(models.Model):
    """One thing that matters to security: who came in, who could not, who took data out, who changed who may.

    The table only grows: a trigger of PostgreSQL refuses all else. People are named and not referred to, so that what
    they did outlives them. OWASP ASVS 5.0, 16.2 and 16.3.
    """

    class Tipo(models.TextChoices):
        INGRESO = "ingreso", "Ingresó"
        INGRESO_FALLIDO = "ingreso_fallido", "Clave equivocada"
        LIMITE = "limite", "Demasiados intentos"
        SALIDA = "salida", "Salió"
        TOKEN_PEDIDO = "token_pedido", "Pidió el token con su clave"
        # From before keys.
        TOKEN_NUEVO = "token_nuevo", "Hizo un token nuevo"
        TOKEN_REVOCADO = "token_revocado", "Revocó el token"
        LLAVE_NUEVA = "llave_nueva", "Hizo una llave"
        LLAVE_REVOCADA = "llave_revocada", "Revocó una llave"
        LLAVE_NEGADA = "llave_negada", "Usó una llave que no le sirve"
        CLAVE = "clave", "Cambió una clave"
        USUARIO = "usuario", "Agregó una persona"
        USUARIO_FUERA = "usuario_fuera", "Desactivó a una persona"
        USUARIO_DENTRO = "usuario_dentro", "Activó a una persona"
        ROL = "rol", "Cambió el rol de una persona"
        ACCESO = "acceso", "Abrió datos de la tienda desde la instalación"
        EXPORTACION = "exportacion", "Exportó datos"
        IMPORTACION = "importacion", "Importó un archivo"
        REMITENTE = "remitente", "Cambió un remitente"
        ALERTAS = "alertas", "Cambió las alertas"
        LIMITES = "limites", "Cambió los límites de una tienda"
        FACTOR = "factor", "Puso su segundo factor"
        FACTOR_FUERA = "factor_fuera", "Quitó un segundo factor"
        RECUPERACION = "recuperacion", "Usó o hizo códigos de recuperación"
        SESIONES = "sesiones", "Cerró sesiones"
        CLAVE_PEDIDA = "clave_pedida", "Pidió una clave nueva por correo"
        CORREO = "correo", "Cambió su correo"
        NEGADO = "negado", "Quiso hacer lo que no puede"

    creado = models.DateTimeField(db_default=Now())
    tipo = models.CharField(max_length=16, choices=Tipo)
    tienda_id = models.BigIntegerField(null=True)  # the shop's admin; NULL: nobody's, such as an unknown username
    usuario_id = models.BigIntegerField(null=True)
    quien = models.CharField(max_length=150, blank=True, default="")  # the username then
    ip = models.GenericIPAddressField(null=True)
    via = models.CharField(max_length=6, blank=True, default="")  # of core.ops.actor
    detalle = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = "registro de seguridad"
        verbose_name_plural = "registros de seguridad"
        ordering = ("-id",)
        indexes = (models.Index(fields=["tienda_id", "id"], name="registro_de_tienda"),)

    def __str__(self) -> str:
        return f"{self.get_tipo_display()} {self.quien} {self.detalle}".strip()


class LlaveApi(models.Model):
    """A key by which a program calls the API as a person, as far as its scopes, its networks and its end allow.

    The key itself is shown once and kept nowhere: its SHA-256 is. That is enough for a secret of more than 112 random
    bits, which nobody can guess (NIST SP 800-63B, 5.1.2.2; OWASP ASVS 5.0, 6.5.2); a password needs a slower one.
    """

    class Alcance(models.TextChoices):
        LEER = "leer", "Leer todo lo que usted ve"
        CLIENTES = "clientes", "Clientes: crear y cambiar clientes, etiquetas, segmentos, ventas y bajas"
        CAMPANAS = "campanas", "Campañas: enviarlas y manejarlas, con plantillas y programaciones"
        TODO = "todo", "Todo lo que usted puede hacer"

    class Origen(models.TextChoices):
        PERSONA = "persona", "Hecha por una persona"
        CLAVE = "clave", "Ingreso con usuario y clave"  # by POST /api/v1/auth/token/, for some hours
        ANTERIOR = "anterior", "Token de antes"  # from before keys, until an announced end

    usuario = models.ForeignKey(Usuario, on_delete=models.CASCADE, related_name="llaves")
    nombre = models.CharField(max_length=80)
    prefijo = models.CharField(max_length=16)  # what people know it by
    huella = models.CharField(max_length=64, unique=True)  # SHA-256, in hexadecimal
    alcances = ArrayField(models.CharField(max_length=8, choices=Alcance))
    redes = ArrayField(models.CharField(max_length=43), default=list)  # CIDR; none: from anywhere
    prueba = models.BooleanField(default=False, db_default=False)  # what it sends leaves nowhere
    origen = models.CharField(max_length=8, choices=Origen, default=Origen.PERSONA)
    creada_en = models.DateTimeField(db_default=Now())
    vence_en = models.DateTimeField(null=True)
    revocada_en = models.DateTimeField(null=True)
    # Written once a minute at most.
    ultimo_uso_en = models.DateTimeField(null=True)
    ultima_red = models.CharField(max_length=43, blank=True, default="")

    # The key itself, of a row that was just made.
    llave: str = ""

    class Meta:
        verbose_name = "llave de la API"
        verbose_name_plural = "llaves de la API"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.nombre} ({self.prefijo}…)"

    def alcanza(self, bastan: Collection[str]) -> bool:
        """Tell whether it has one of the scopes, each of which is enough."""
        return not set(bastan).isdisjoint(self.alcances)
