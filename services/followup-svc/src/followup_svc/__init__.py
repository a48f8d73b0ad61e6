"""Sequences of follow-ups in the voice of the right persona."""
