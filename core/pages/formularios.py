"""Forms for users: signing in, names and passwords."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm, UserCreationForm

from core.forms import ConAspecto
from core.models import Usuario

AYUDA_CLAVE = "8 caracteres o más, que no sea una clave común ni se parezca al nombre."
AYUDA_USUARIO = "Con él ingresa. Letras, números y @ . + - _, sin espacios."


def _say_it_short(form: forms.BaseForm, first: str, second: str) -> None:
    """Replace Django's own help for a password, which is a list inside a list, by one sentence."""
    form.fields[first].help_text = AYUDA_CLAVE
    form.fields[second].label, form.fields[second].help_text = "La misma clave otra vez", ""
    for name in (first, second):
        form.fields[name].widget.attrs["autocomplete"] = "new-password"


class VendedorForm(ConAspecto, UserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Usuario
        fields = ("first_name", "last_name", "username")
        labels = {"first_name": "Nombre", "last_name": "Apellido", "username": "Usuario"}
        help_texts = {"username": AYUDA_USUARIO}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = True
        self.fields["username"].widget.attrs.update(autofocus=False, autocomplete="off")
        self.fields["password1"].label = "Clave"
        _say_it_short(self, "password1", "password2")


class ClaveAjenaForm(ConAspecto, SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """The form by which an admin gives a vendedor a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_it_short(self, "new_password1", "new_password2")
        self.fields["new_password1"].label = "Clave nueva"


class ClavePropiaForm(ConAspecto, PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_it_short(self, "new_password1", "new_password2")
        self.fields["old_password"].label = "Clave actual"
        self.fields["new_password1"].label = "Clave nueva"
        # The page has other forms; focus belongs to none of them.
        del self.fields["old_password"].widget.attrs["autofocus"]


class NombreForm(ConAspecto, forms.ModelForm[Usuario]):
    """The person's name, and the shop's name where the person is its admin."""

    class Meta:
        model = Usuario
        fields = ("first_name", "last_name", "tienda")
        labels = {"first_name": "Nombre", "last_name": "Apellido", "tienda": "Nombre de la tienda"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.es_admin:
            del self.fields["tienda"]
