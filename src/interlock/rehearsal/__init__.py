"""The rehearsal: the whole platform under virtual time against the simulated exchange, hostile by seed, judged by the exchange's books."""
