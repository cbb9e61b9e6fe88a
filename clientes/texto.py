"""A name as it is searched, without capitals or accents, word by word; and a document as it is compared."""

from typing import Final

from django.contrib.postgres.search import SearchVector
from django.db.models import Func, TextField, Value
from django.db.models.functions import Lower

CON_TILDE, SIN_TILDE = "áéíóúüñàèìòùâêîôûãõç", "aeiouunaeiouaeiouaoc"
PLANO: Final = str.maketrans(CON_TILDE, SIN_TILDE)

# The expression of the index `cliente_por_palabra`. PostgreSQL's own unaccent() may not be in an index.
PALABRAS: Final = SearchVector(
    Func(Lower("nombre"), Value(CON_TILDE), Value(SIN_TILDE), function="translate"), config="simple"
)

# 1.020.304 and 1020304 are one document; 900123456-7 and 9001234567 may be two. A point or comma parts thousands when
# three digits follow; one before zeros at the end came with a program's decimals, and any other is not taken away:
# 102030405.0 is 102030405, never 1020304050.
DOCUMENTO: Final = (
    r"upper(CASE WHEN {0} ~ '[.,\s]' THEN regexp_replace("
    r"{0}, '[.,](?=\d{{3}}(?!\d))|(?<=\d{{4}}|\.\d{{3}})[.,]0{{1,2}}$|\s', '', 'g') ELSE {0} END)"
)
# The document of a row and of a client that are one. With this expression the index `cliente_por_clave` is found.
CLAVE_DOCUMENTO: Final = Func("documento", template=DOCUMENTO.format("%(expressions)s"), output_field=TextField())


def plano(texto: str) -> str:
    return texto.lower().translate(PLANO)
