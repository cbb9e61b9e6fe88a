"""The programaciones' part of /api/v1/."""
