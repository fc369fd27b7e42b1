"""storms -- faults by a seed on a site under load, and the count of what came of it."""
