"""The settings of a shop about its sending, within the law and its wallet, and the quotas that its campaigns share each
day.

services     changes the settings, with a history; selectors reads them
reglas       has a row for each setting: its rule, its names, its help; nombres says its changes to people
protecciones says when a change gives a protection up
jornada      finds the stretch of time in which a campaign may send
clases       says which messages may leave at any hour
precios      knows what a segment costs, by country
gasto        adds up the money spent in a day and a month
contactos    counts the messages of a day to each phone

The engine takes from the last two when a Lote opens and gives back what was not sent when it closes:
`workers.engine.lote.cupos`.
"""
