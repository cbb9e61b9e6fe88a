"""A name as it is searched: without capitals or accents, word by word."""

from typing import Final

from django.contrib.postgres.search import SearchVector
from django.db.models import Func, Value
from django.db.models.functions import Lower

CON_TILDE, SIN_TILDE = "áéíóúüñàèìòùâêîôûãõç", "aeiouunaeiouaeiouaoc"
PLANO: Final = str.maketrans(CON_TILDE, SIN_TILDE)

# The expression of the index `cliente_por_palabra`. PostgreSQL's own unaccent() may not be in an index.
PALABRAS: Final = SearchVector(
    Func(Lower("nombre"), Value(CON_TILDE), Value(SIN_TILDE), function="translate"), config="simple"
)


def plano(texto: str) -> str:
    return texto.lower().translate(PLANO)
