"""The languages of exchanges, pure: their words for our things, spoken by client and simulator alike."""
