"""The clients' pages, and the reference's AJAX call."""
