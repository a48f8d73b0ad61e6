"""What the API takes and gives. The domain checks every rule; limits stand here for the reader."""
