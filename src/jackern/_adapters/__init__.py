"""Libraries that take Jacobians or give them, one file each; no other file imports its library."""
