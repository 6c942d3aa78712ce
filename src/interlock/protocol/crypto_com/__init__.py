"""The language of the Crypto.com Exchange, API v1, pure.

`signing` signs and verifies; `codes` are their refusals as our errors; `wire` is the envelope, out and in; `outcome` says what the
answer to a request that acts is worth; `instruments`, `market`, `account`, `orders` and `trades` hold their words for our things.
Nothing up the row knows a word or a code of theirs.
"""
