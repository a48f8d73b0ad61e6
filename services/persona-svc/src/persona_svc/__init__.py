"""Personas: the source of truth for how the AI of a workspace speaks."""
