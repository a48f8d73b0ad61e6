"""NATS, Postgres and services as processes of this machine, without root, Docker or a network."""

from service_devkit.embedded.binaries import BinaryMissingError
from service_devkit.embedded.nats import NatsProcess
from service_devkit.embedded.ports import PortTakenError, free_port
from service_devkit.embedded.postgres import PostgresProcess
from service_devkit.embedded.process import NotRunningError, ServerProcess, StartError
from service_devkit.embedded.service import ServiceProcess

__all__ = [
    "BinaryMissingError",
    "NatsProcess",
    "NotRunningError",
    "PortTakenError",
    "PostgresProcess",
    "ServerProcess",
    "ServiceProcess",
    "StartError",
    "free_port",
]
