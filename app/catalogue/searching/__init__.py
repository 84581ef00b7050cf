"""Finding images by typed filters, words, order and counts, within the caller's department."""
