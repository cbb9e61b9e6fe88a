"""The templates' and campaigns' part of /api/v1/."""
