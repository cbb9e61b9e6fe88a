"""Defaults of the HTTP API: error shape, permissions, pagination, throttling, parsing."""
