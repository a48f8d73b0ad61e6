"""What an answer's headers tell stands in OpenAPI."""

import pytest
from every_service import SERVICES, routes
from service_kit.response_headers import sent_by


@pytest.mark.parametrize("package", SERVICES)
def test_whatever_takes_its_response_declares_the_headers_that_it_sets(package):
    taking = [route for route in routes(package) if takes_response(route.dependant)]
    assert not [route.operation_id for route in taking if not sent_by(route.dependant)]


def takes_response(dependant):
    taken = dependant.response_param_name is not None
    return taken or any(map(takes_response, dependant.dependencies))
