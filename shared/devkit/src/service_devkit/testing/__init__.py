"""For tests: real servers as fixtures, faults between them, and stand-ins for vendors' servers."""

from service_devkit.embedded import NatsProcess, PostgresProcess, ServiceProcess, free_port
from service_devkit.testing.database import Database, NewDatabase
from service_devkit.testing.fault_link import FaultLink
from service_devkit.testing.http_stub import HttpStub, Received, Reply
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

__all__ = [
    "HANG_SECONDS",
    "Database",
    "FaultLink",
    "HttpStub",
    "NatsProcess",
    "NewDatabase",
    "PostgresProcess",
    "Received",
    "Reply",
    "ServiceProcess",
    "free_port",
    "wait_until",
]
