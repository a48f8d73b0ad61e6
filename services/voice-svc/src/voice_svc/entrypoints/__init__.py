"""Who calls us: events, routes, requests, workers."""
