"""What happened to what we own: double-entry postings, folded into lots and balances."""
