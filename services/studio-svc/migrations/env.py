"""Alembic's entry: the kit runs it with the service's settings."""

from service_kit.migrations import run_env

run_env()
