"""Signing in, for the pages and for Django's admin, how often one may guess, and signing out."""

from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core import guesses
from core.guesses import TooManyGuessesError
from core.text import formato

DEMASIADOS = "Demasiados intentos. Espere {espera} y vuelva a intentar."
SOLO_OPERADOR = "Solo quien administra la instalación entra aquí."


def demasiados(refused: TooManyGuessesError) -> str:
    """Return the sentence for who has guessed too often."""
    return DEMASIADOS.format(espera=formato.duracion(ceil(refused.wait)))


class IngresoView(LoginView):
    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in, and answer 429 when there were too many guesses: see `core.guesses`."""
        try:
            return super().post(request, *args, **kwargs)
        except TooManyGuessesError as error:
            refused = error
        # Not bound to what was sent: that would check the password after all.
        form = AuthenticationForm(request, initial={"username": request.POST.get("username", "")})
        context = self.get_context_data(demasiados=demasiados(refused), form=form)
        answer = self.render_to_response(context, status=429)
        answer["Retry-After"] = str(ceil(refused.wait))
        return answer

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        guesses.remember_browser(answer, form.get_user().get_username(), secure=settings.SESSION_COOKIE_SECURE)
        return answer


class SalidaView(LogoutView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out, and have the browser forget the pages that it was let keep: https://www.w3.org/TR/clear-site-data/"""
        answer = super().dispatch(request, *args, **kwargs)
        if not request.user.is_authenticated:
            answer["Clear-Site-Data"] = '"cache"'
        return answer


class IngresoAdminView(IngresoView):
    """The same door for Django's admin, which would bring one of its own, without limits."""

    next_page = "admin:index"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse who is signed in and may not enter: sending them back here would never end."""
        if request.user.is_authenticated and not request.user.is_staff:
            raise PermissionDenied(SOLO_OPERADOR)
        return super().dispatch(request, *args, **kwargs)
