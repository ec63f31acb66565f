"""Five clusterings of a catalogue, their scores, names and comparison."""
