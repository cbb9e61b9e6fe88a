"""Clients who asked to be left alone: their wish, its proof, and the question that every message asks first."""
