"""What is traded at the simulated exchange and at which price: the listing, the replay of recorded bars, and candles folded from them."""
