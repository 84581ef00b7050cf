"""What a file says of itself; nothing found and unreadable are readings too."""
