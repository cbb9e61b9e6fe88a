"""Recurring campaigns: when they occur, to whom, and what became of each occurrence."""
