"""persona-svc as a real app on a real database; time and broker only where a test needs them."""
