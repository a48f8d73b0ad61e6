"""Ports for servers under test: no two processes are given the same ones."""

import subprocess
import sys

import pytest
from service_devkit.embedded import free_port

ASK = """
import sys
from service_devkit.embedded import free_port
print(*(free_port() for _ in range(64)), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere by chance alone")
def test_processes_that_run_side_by_side_share_no_ports():
    command = [sys.executable, "-c", ASK]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    try:
        given = [set(process.stdout.readline().split()) for process in processes]
    finally:
        for process in processes:
            process.communicate()
    assert len(set().union(*given)) == 8 * len(given[0])


def test_a_port_is_given_again_as_late_as_can_be():
    given = [free_port() for _ in range(40)]
    assert len(set(given)) == 40
