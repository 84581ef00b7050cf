"""What a picture looks like: small decodes, perceptual hashes, and how it is to be shown."""
