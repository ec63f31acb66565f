"""Load, check, clean and store catalogs."""
