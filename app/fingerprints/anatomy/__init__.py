"""What in an image file makes the picture, what only tells of it, and what hangs behind its end."""
