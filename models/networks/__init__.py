"""The networks: segmenter and discriminator, training and prediction (torch lives here)."""
