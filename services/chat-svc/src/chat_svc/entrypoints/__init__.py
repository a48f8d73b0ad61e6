"""Who calls us: events, routes, workers."""
