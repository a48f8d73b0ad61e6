"""Servers as local processes, and what tests share: in no image, never imported in production."""
