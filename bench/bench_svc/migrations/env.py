"""Run the migrations."""

from service_kit.migrations import run_env

run_env()
