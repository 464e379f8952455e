"""Op objects that are no rows of the table, and what rows do with operands that need words."""
