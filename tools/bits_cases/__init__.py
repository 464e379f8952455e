"""The cases of bits.py: what it calls, and writes the bits of."""
