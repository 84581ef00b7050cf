"""Opens bytes where they lie; knows no image and computes no digest."""
