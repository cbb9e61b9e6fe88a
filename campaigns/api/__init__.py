"""The campaigns' part of /api/v1/: one file a resource."""
