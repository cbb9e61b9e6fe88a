"""Answers to what clients write."""
