"""Who calls us: browsers, events, workers."""
