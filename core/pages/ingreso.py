"""Signing in, how often one may guess, and signing out."""

from math import ceil
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from core.api.throttling import LoginThrottle
from core.text import formato

DEMASIADOS = "Demasiados intentos desde esta conexión. Espere {espera} y vuelva a intentar."


class IngresoView(LoginView):
    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count the guess with those of the API's token: one door does not give what the other refuses."""
        throttle = LoginThrottle()
        if throttle.allow_request(Request(request), self):
            return super().post(request, *args, **kwargs)
        seconds = ceil(throttle.wait() or 1)
        said = DEMASIADOS.format(espera=formato.duracion(seconds))
        # Not bound to what was sent: that would check the password after all.
        form = AuthenticationForm(request, initial={"username": request.POST.get("username", "")})
        context = self.get_context_data(demasiados=said, form=form)
        answer = self.render_to_response(context, status=429)
        answer["Retry-After"] = str(seconds)
        return answer


class SalidaView(LogoutView):
    """Signs out, and has the browser forget the pages that it was let keep."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().post(request, *args, **kwargs)
        answer["Clear-Site-Data"] = '"cache"'
        return answer
