"""Foundations of the other rooms: groups of statements, connections, locks."""
