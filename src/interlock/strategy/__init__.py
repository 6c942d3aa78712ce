"""What we would like: indicators, presets, the signal with its because, throttle, watchlist, sizing, proposal."""
