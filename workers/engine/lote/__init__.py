"""A Lote: opening it, what it takes of the shop's quotas, closing it."""
