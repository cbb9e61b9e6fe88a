"""What a shop decides about its sending, within the law and its wallet, and what its campaigns share of each day.

services    changes the settings, with a history; selectors reads them
reglas      says what each setting may be; nombres says it to people
jornada     finds the stretch of time in which a campaign may send
clases      says which messages may leave at any hour
precios     knows what a segment costs, by country
gasto       adds up the money spent in a day and a month
contactos   counts the messages of a day to each phone

The engine takes from the last two when a Lote opens and gives back what was not sent when it closes:
`workers.engine.lote.cupos`.
"""
