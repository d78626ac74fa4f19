"""``make faults``: real processes, real phones, and somebody who breaks things meanwhile."""
