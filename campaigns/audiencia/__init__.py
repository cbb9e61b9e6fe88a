"""Who a campaign is for.

seleccion   which clients were chosen, counted or frozen
juicio      who of them may be sent to, and why not the others
"""
