"""Find titles, rank a catalogue against a query, and explain the result."""
