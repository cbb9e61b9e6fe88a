"""Tools for the engineer who runs the product: health, logs, pulses of the processes, counters."""
