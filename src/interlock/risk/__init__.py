"""Whether we may: limits, rules in order of precedence, and the judge that alone approves."""
