"""Common ground of simulated cash registers behind a line of bytes: faults, power, paper, memory, lines, console."""
