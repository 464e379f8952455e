"""Claims about structure and derivatives, tested by random vectors."""
