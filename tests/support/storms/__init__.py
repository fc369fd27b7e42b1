"""__init__.py -- the parts of a storm: a plan of faults by a seed, who does it, the count after."""
