"""What the science promises, measured: one module a promise, each runnable alone."""
