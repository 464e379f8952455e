"""Jacobians: one final class per storage."""
