"""``make bench-consensus``: what consensus promises, measured on invented crowds."""
