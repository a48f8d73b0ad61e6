"""studio-svc: one origin for the browser, and who sits before it."""
