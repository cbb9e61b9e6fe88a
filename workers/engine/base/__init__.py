"""What the other rooms stand on: groups of statements, connections, locks."""
