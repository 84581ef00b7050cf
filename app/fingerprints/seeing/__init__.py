"""What an image looks like: decoded once, confined, and only to nominate pairs."""
