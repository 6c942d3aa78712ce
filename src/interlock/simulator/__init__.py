"""A Crypto.com Exchange of our own: one deterministic engine, in process and behind HTTP on loopback; the ground truth of every proof."""
