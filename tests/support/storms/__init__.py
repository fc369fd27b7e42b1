"""__init__.py -- the storms' parts: a plan of faults by a seed, who does it, and the count afterwards."""
