"""Verdicts on memories, and what spaces learned from them to be noise."""

from __future__ import annotations

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.api.tenants import Status
from app.domain.feedback import NewFeedback
from app.domain.memories import MemoryView, view
from app.domain.noise_examples import NoiseExampleList, NoiseExampleQuery
from app.domain.principal import Principal
from app.services import feedback, noise_examples
from app.services.parts import Parts


@post("/v1/memories/{memory_id:str}/feedback", status_code=200, operation_class=documented(body=NewFeedback))
async def give_feedback(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[MemoryView]:
    """Say that a memory or message is useful, wrong or noise; the memory as that leaves it."""
    after = await feedback.give(parts, principal, memory_id, await read_body(request, NewFeedback))
    return Response(view(after), headers={"ETag": f'"{after.rev}"'})


@get("/v1/noise-examples", operation_class=documented(query=NoiseExampleQuery))
async def list_noise_examples(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> NoiseExampleList:
    """Texts that somebody called noise, newest first; of the personal space, or of those that `space` names."""
    query = read_query(request, NoiseExampleQuery)
    return await parts.graph.read(noise_examples.list_page, principal, query, parts.clock())


@delete("/v1/noise-examples/{example_id:str}", status_code=200, operation_class=documented())
async def delete_noise_example(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], example_id: FromPath[str]
) -> Status:
    """Forget an example, so that texts like it are remembered again."""
    await parts.graph.write(noise_examples.delete, principal, example_id)
    return Status("deleted")


router = Router(path="/", tags=["noise"], route_handlers=[give_feedback, list_noise_examples, delete_noise_example])
