"""NATS, Postgres and services as processes of this machine, without root, Docker or a network."""

from service_kit.embedded.binaries import BinaryMissingError
from service_kit.embedded.nats import NatsProcess
from service_kit.embedded.ports import PortTakenError, free_port
from service_kit.embedded.postgres import PostgresProcess
from service_kit.embedded.process import NotRunningError, ServerProcess, StartError
from service_kit.embedded.service import ServiceProcess

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
