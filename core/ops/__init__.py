"""For whoever runs it: health, logs, pulses of the processes, counters."""
