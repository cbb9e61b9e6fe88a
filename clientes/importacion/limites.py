"""Limits of a file. Beyond them a person is told how to go on."""

from typing import Final

from core.errors import InvalidInputError

MB: Final = 1024 * 1024
BYTES_MAX: Final = 50 * MB
ARCHIVOS_MAX: Final = 20  # of a shop's, that wait in the database: they are everybody's disk
FILAS_MAX: Final = 200_000
COLUMNAS_MAX: Final = 100
CELDA_MAX: Final = 20_000  # characters; no field of ours takes more than 150
TEXTO_MAX: Final = 4 * BYTES_MAX  # characters of all cells: a workbook may name one text in a million of them
LINEAS_MAX: Final = 1_048_576  # rows of a spreadsheet, empty ones included
BLOQUE_FILAS: Final = 2_000  # rows that are checked and stored in one go …
BLOQUE_TEXTO: Final = 4 * MB  # … unless they have this many characters
MUESTRA: Final = 11  # rows that are kept to choose the columns with: titles and ten more
MUESTRA_CELDA: Final = 200
COMIENZO: Final = 50  # rows among which the titles are looked for
BLOQUE: Final = MB  # bytes that are read in one go
LINEA_MAX: Final = 4 * MB  # characters of a line of a text file
REPASO_MAX: Final = 50_000  # lines of a text file that are read again because an open quote held them

DEMASIADO_GRANDE = f"El archivo pesa más de {BYTES_MAX // MB} MB. Divídalo en varios e impórtelos uno por uno."
MUCHOS_ARCHIVOS = f"Hay {ARCHIVOS_MAX} archivos sin importar: importe o descarte alguno antes de subir otro."
VACIO = "El archivo está vacío."
SIN_FILAS = "El archivo solo tiene la fila de títulos: no hay nada que importar."
DEMASIADAS_FILAS = "El archivo tiene más de 200.000 filas. Divídalo en varios e impórtelos uno por uno."
DEMASIADAS_COLUMNAS = f"La fila {{fila}} tiene más de {COLUMNAS_MAX} columnas. ¿Es el archivo correcto?"
CELDA_ENORME = "La fila {fila} tiene una celda de más de 20.000 caracteres. ¿Hay unas comillas sin cerrar?"
LINEA_ENORME = f"La línea {{linea}} tiene más de {LINEA_MAX // MB} MB. ¿Es el archivo correcto?"
MUCHAS_COMILLAS = (
    "Desde la fila {fila} hay comillas sin cerrar en muchas filas. Corríjalas o guarde el archivo como .xlsx."
)
NO_ES_PLANILLA = (
    "Esto no es un archivo CSV ni XLSX. Guárdelo en Excel como «Libro de Excel (.xlsx)» o como «CSV UTF-8»."
)
XLS_VIEJO = "Este es un Excel antiguo (.xls) o protegido con contraseña. Guárdelo como «Libro de Excel (.xlsx)»."
XLSX_DANADO = "El libro de Excel está dañado o no es un .xlsx de verdad. Ábralo en Excel y vuelva a guardarlo."
XLSX_BOMBA = "El libro de Excel se infla demasiado al abrirlo. Copie solo los datos en un libro nuevo."
XLSX_MUCHAS_PARTES = "El libro de Excel tiene demasiadas partes. Copie solo los datos en un libro nuevo."
COMO_XLSX: Final = "«Libro de Excel (.xlsx)» o como CSV y suba ese archivo."
ODS = f"Este es un archivo de LibreOffice (.ods u otro OpenDocument). Guárdelo como {COMO_XLSX}"
XLSB = f"Este es un libro de Excel binario (.xlsb). Guárdelo como {COMO_XLSX}"
NUMBERS = f"Este es un archivo de Numbers o Pages, de Apple. Expórtelo como {COMO_XLSX}"
OTRO_OFFICE = "Este es un archivo de Word o PowerPoint. Pase la tabla a Excel y guárdela como «Libro de Excel (.xlsx)»."
VCARD = (
    "Este es un archivo de contactos (.vcf). Expórtelos como CSV («CSV de Google» en contacts.google.com) y suba ese"
    " archivo."
)
JSON = f"Este es un archivo JSON. Un programa puede subirlo por la API; para esta página, guárdelo como {COMO_XLSX}"
HTML = "Esto es una página web o un XML con nombre de Excel. Ábralo en Excel y guárdelo como «Libro de Excel (.xlsx)»."
SIN_CALCULAR = (
    "La fila {fila} tiene una fórmula que nunca se calculó. Abra el libro en Excel, guárdelo y súbalo otra vez."
)
SIN_HOJAS = "El libro de Excel no tiene ninguna hoja visible con datos."


class UnreadableFileError(InvalidInputError):
    """The file cannot be read, or not to its end. The message is for the person who uploaded it."""

    default_code = "archivo"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="archivo")
