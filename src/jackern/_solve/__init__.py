"""Solving ``J x = b`` by structure."""
