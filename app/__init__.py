"""The Provenance Catalogue: every image is described before it is hashed."""
