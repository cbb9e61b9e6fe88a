"""Values without a database: states, codes, hours, recurrences, intentions. Nothing here imports a model."""
