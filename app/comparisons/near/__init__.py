"""Who looks alike: found by hashes and words, never decided by them."""
