"""Name plates for the runbook's import paths; nothing lives here."""
