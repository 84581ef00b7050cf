"""The only room that hashes an image, and only one that was read before."""
