"""Load, check, clean and store catalogues."""
