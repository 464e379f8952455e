"""The command ``python -m jackern bench``: jackern beside every other library that is installed."""
