"""The way to the runbook's old names; nothing lives here."""
