"""Passwords are refused that a program guesses soon, the words of this shop and this product among them.

OWASP ASVS 5.0, 6.2: eight characters or more, none of the common and leaked ones, none made of words that stand around
it (6.2.11), no rules about kinds of characters. NIST SP 800-63B-4, 3.1.1.2 asks for fifteen where a password is the
only factor; here an estimate of the guesses stands in its place, since `aaaaaaaaaaaaaaa` has fifteen and costs none.
Nothing is asked of a server outside: Django's list holds the 20,000 most common passwords of known leaks, zxcvbn's
lists 30,000 more, names and words. https://github.com/dwolfhub/zxcvbn-python
"""

import re
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from core.unicode import sin_acentos

# Guesses that an attacker who has stolen the hashes makes in some hours: zxcvbn's own border between 2 and 3 of 4.
GUESSES_MIN: Final = 10**8
# What follows is not looked at: the time grows with the square of the length.
LOOKED_AT: Final = 32
# zxcvbn tries every letter that a sign may stand for, with every other: these stand for the same one.
ONE_SIGN: Final = str.maketrans("{[<|@", "(((!4")
# It keeps the words of its caller in a global of its own.
ONE_AT_A_TIME: Final = Lock()
WORD: Final = re.compile(r"[^\W_]{3,40}")
WORDS_MAX: Final = 60
# Different letters and digits that a password has besides words that stand around it.
BESIDES_MIN: Final = 5
TEXT_MAX: Final = 200
# The product's, and what Spanish speakers choose and zxcvbn, whose words are English, takes for a random text.
# Some stand in https://preply.com/es/blog/contrasenas-en-espanol; the rest is what stands around a shop.
PALABRAS: Final = """
    campañas campaña sms mensaje mensajes twilio tienda tiendas cliente clientes venta ventas vendedor vendedora
    clave contraseña contraseñas acceso ingreso ingresar entrar usuario usuarios admin administrador administradora
    bienvenido bienvenida hola prueba pruebas secreto secreta seguro segura empresa negocio almacen
    colombia bogota medellin cali barranquilla mexico argentina peru chile ecuador españa venezuela
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    lunes martes miercoles jueves viernes sabado domingo verano invierno navidad
    amor teamo mivida familia dios jesus cristo princesa estrella tequiero corazon mariposa futbol nacional millonarios
    america chivas cruzazul barcelona alejandro antonio santiago carlos benjamin temporal
"""
FACIL: Final = (
    "Esta clave se adivina fácil: no use el nombre de la tienda ni el suyo, ni fechas o palabras sueltas. Tres o cuatro"
    " palabras que no vayan juntas son mejores."
)
AYUDA: Final = "Que no se adivine fácil."


class NotEasilyGuessed:
    """A validator of Django's kind: it refuses a password that few guesses reach."""

    def validate(self, password: str, user: Any = None) -> None:
        """Estimate the guesses.

        Args:
            user: whose password it becomes; their words and their shop's are the first that are guessed.

        Raises:
            ValidationError: they are too few.
        """
        text, words = sin_acentos(password[:TEXT_MAX])[:LOOKED_AT], palabras_de(user)
        with ONE_AT_A_TIME:
            guesses = zxcvbn(text.translate(ONE_SIGN), user_inputs=words)["guesses"] if text else 0
        # Three words are many guesses to it, however near they lie.
        if guesses < GUESSES_MIN or len(_besides(text, words)) < BESIDES_MIN:
            raise ValidationError(FACIL, code="password_easily_guessed")

    def get_help_text(self) -> str:
        return AYUDA


def palabras_de(user: Any) -> list[str]:
    """Return the words that stand around a password: the product's, the installation's, the person's, their shop's."""
    around = [urlsplit(settings.PUBLIC_URL).hostname or ""]
    if user is not None:
        around += [user.username, user.first_name, user.last_name, user.email]
        shop = user if user.creado_por_id is None else user.creado_por
        around += [shop.tienda, shop.get_full_name(), shop.username]
    plain = [sin_acentos(text[:TEXT_MAX]) for text in around if text]  # a form's are None until filled in
    found = [word for text in plain for word in ("".join(text.split()), *WORD.findall(text))]
    return list(dict.fromkeys([*found[:WORDS_MAX], *sin_acentos(PALABRAS).split()]))


def _besides(text: str, words: list[str]) -> set[str]:
    """Return the different letters and digits of a text besides these words."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    return {sign for sign in text if sign.isalnum()}
