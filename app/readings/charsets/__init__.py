"""Which charset the bytes of a text were written in, with a stated certainty, or undecided."""
