"""Who may go and why not: eligibility is one question, never a flag."""
