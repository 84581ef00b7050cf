"""What a picture looks like: decoded once, within its budget."""
