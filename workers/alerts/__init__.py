"""Alerts on their way to a shop: `campaigns.bitacora.alertas` raises them, this room delivers them."""
