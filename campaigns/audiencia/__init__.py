"""The audience of a campaign.

seleccion   counts or freezes the clients who were chosen
juicio      says who of them may be sent to, and why not the others
"""
