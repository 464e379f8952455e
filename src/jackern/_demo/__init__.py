"""The demo: a network on handwritten digits, beside the same network in NumPy."""
