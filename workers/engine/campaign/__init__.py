"""A campaign: start, advance, pause by itself, end."""
