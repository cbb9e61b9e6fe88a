"""The audience of a campaign.

seleccion   counts or freezes the clients who were chosen
juicio      says who of them may be sent to, and why not the others
medida      says how many they are, by the counts of clients where these know it
conteo      judges a large audience by those counts
"""
