"""Whether we are well: what was observed, and now, give verdicts; the seed's JSON is written in one file."""
