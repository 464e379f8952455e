"""Other libraries, one file each; no other file imports them."""
