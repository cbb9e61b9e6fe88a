"""A campaign's life outside the engine: creating it, moving it, trying it again, and showing how it stands.

services      creates a campaign and makes the moves that people ask for; reintentos tries the failed again
destinatarios finds or makes the clients of the phones that a call names, and keeps their words
selectors     reads campaigns and their progress
espera        says what a campaign waits for
embudo, serie, historia, reporte, barra   are what its pages show
sondeo        renders what moves by itself once a second for a whole shop, however many tabs ask, and says how soon to
              ask again
privacidad    erases a client from past campaigns
"""
