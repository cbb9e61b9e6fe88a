"""The clients' part of /api/v1/."""
