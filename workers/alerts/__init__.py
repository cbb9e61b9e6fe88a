"""Alerts on their way to a shop: `campaigns.alertas` raises them, these deliver them."""
