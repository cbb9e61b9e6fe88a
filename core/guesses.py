"""Password guesses, counted by the network they come from and by the account they are aimed at.

The authentication backend asks here before it looks at a password, so that no door can be forgotten. The rules follow
OWASP ASVS 5.0, 6.3.1. A count by account alone would let a stranger shut its owner out; so a browser in which the owner
has signed in before is counted on its own: https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

import hashlib
import logging
import secrets
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from rest_framework.exceptions import Throttled

from core import registro
from core.api.throttling import LoginThrottle, count_here_too, forget, give_back
from core.factor.services import mostrado
from core.models import Usuario
from core.registro import Tipo
from core.unicode import normalize

logger = logging.getLogger(__name__)

# Wrong guesses at one account: https://pages.nist.gov/800-63-3/sp800-63b.html section 5.2.2
A_DAY: Final = RateLimitItemPerDay(100)
# How often guesses beyond the limit are written down, for each account.
SAID: Final = RateLimitItemPerMinute(1)
# An account's counts: of signing in, and of asking for a link to a new password.
INGRESO: Final = "ingreso"
ENLACE: Final = "enlace"
COOKIE: Final = "equipo"
COOKIE_S: Final = 180 * 24 * 3600
SALT: Final = "core.guesses.equipo"


class TooManyGuessesError(Throttled):
    """Raised when a network or an account has had too many guesses; the API answers it by itself.

    Args:
        wait: seconds until another is allowed.
    """

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


def count(request: Any, username: str, *, de: str = INGRESO) -> None:
    """Count a guess before the password is looked at.

    Args:
        request: Django's or the framework's; None when no request is being served, and nothing is counted.
        username: as it was typed.
        de: which of the account's counts: what else it is asked for uses up none of its sign-ins.

    Raises:
        TooManyGuessesError: its network or its account has had too many.
    """
    if request is None:
        return
    for item, key in [*_of_network(request), *_of_account(request, username, de)]:
        wait = count_here_too(item, key)
        if wait is not None:
            logger.warning("too many password guesses: %s", key)
            if count_here_too(SAID, f"ingreso:dicho:{account(username)}") is None:
                registro.anotar(Tipo.LIMITE, usuario=registro.con_nombre(username), request=request)
            raise TooManyGuessesError(wait)


def forgive(request: Any, username: str, *, rights: int = 1) -> None:
    """Forget the wrong guesses at an account whose password was just given.

    Args:
        rights: how many of the guesses that were counted were right: the network gets them back, or people behind one
            address would shut each other out by signing in.
    """
    if request is None:
        return
    for item, key in _of_account(request, username):
        forget(item, key)
    for item, key in _of_network(request):
        give_back(item, key, rights)


@receiver(mostrado)
def _shown(usuario: Usuario, request: Any, **kwargs: Any) -> None:
    forgive(request, usuario.get_username())


def remember_browser(response: HttpResponse, username: str, *, secure: bool) -> None:
    """Let the answer tell this browser that the account's owner has signed in with it.

    Args:
        secure: whether pages are served by HTTPS.
    """
    value = signing.dumps([account(username), secrets.token_urlsafe(12)], salt=SALT, compress=False)
    response.set_cookie(_cookie(), value, max_age=COOKIE_S, httponly=True, secure=secure, samesite="Lax")


def _items() -> list[RateLimitItem]:
    item = LoginThrottle().item()
    return [item, A_DAY] if item else []


def _of_network(request: Any) -> list[tuple[RateLimitItem, str]]:
    return [(item, f"ingreso:red:{LoginThrottle().get_ident(request)}") for item in _items()[:1]]


def _of_account(request: Any, username: str, de: str = INGRESO) -> list[tuple[RateLimitItem, str]]:
    whose = account(username)
    browser = _browser(request, whose)
    key = f"{de}:equipo:{browser}" if browser else f"{de}:cuenta:{whose}"
    return [(item, key) for item in _items()]


def account(username: str) -> str:
    """Return what stands for the account of this name in a key, whether there is one or not."""
    # As Django's own form compares names, and however long what was typed is.
    return hashlib.sha256(normalize("NFKD", username).strip().casefold().encode()).hexdigest()[:32]


def _cookie() -> str:
    return f"{settings.COOKIE_PREFIX}{COOKIE}"


def _browser(request: HttpRequest, whose: str) -> str:
    """The name of a browser in which the account's owner has signed in; "" for any other."""
    try:
        owner, name = signing.loads(request.COOKIES.get(_cookie(), ""), salt=SALT, max_age=COOKIE_S)
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    return str(name) if owner == whose else ""
