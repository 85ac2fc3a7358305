"""The corpus's world, and the one server that all clients share which neither kill nor fill it."""

from collections.abc import AsyncIterator

import pytest

from app.core.resources import open_resources
from app.core.settings import Settings
from app.core.viewer import Scope
from app.events.log import write_transaction
from tests.clients.programs import Served, token_of
from tests.clients.test_graphql_ws import serve
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned
from tests.faults.deployment import deployed
from tests.golden_world import FJORD, PRAIRIE, fill
from tests.walk import world

__all__ = ["world"]

LITTLE = frozenset({Scope.BRAND_READ})


@pytest.fixture(scope="package")
async def served(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """`hashcart serve` over the golden world, with tokens; its log must stay free of defects."""
    async with (
        cloned(server_url, template) as url,
        open_resources(Settings(), url) as resources,
        deployed(url, tmp_path_factory.mktemp("served"), CORPUS_CLOCK) as deployment,
    ):
        async with write_transaction(resources.sessions) as session:
            await fill(session)
        all_scopes = frozenset(Scope)
        served = Served(
            resources=resources,
            address=deployment.address,
            token=await token_of(resources, FJORD.name, all_scopes),
            few=await token_of(resources, FJORD.name, LITTLE),
            other=await token_of(resources, PRAIRIE.name, all_scopes),
        )
        await serve(deployment)
        yield served
    assert deployment.defects() == []
