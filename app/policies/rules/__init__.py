"""The documents as typed values, and what an overlay may do to its base."""
