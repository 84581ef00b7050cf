"""Direct pairs with their evidence; a class is a proposal, never a verdict."""
