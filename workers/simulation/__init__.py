"""Studies played through by simulated volunteers, on the product's own code."""
