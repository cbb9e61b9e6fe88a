"""What a shop's campaigns share, and only one of them may have: the contacts of a phone, and the money, of a day.

models      the contacts and the spending of each day
precios     what a segment costs, by country
selectors   what is spent and what is left
The engine takes from them when a Lote opens and gives back what was not sent when it closes: `workers.engine.cupos`.
"""
