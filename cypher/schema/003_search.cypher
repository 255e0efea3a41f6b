// What search starts from.  One vector index over memories, messages and the chunks of long ones, filtered inside the
// index by the listed properties; two text indexes with different analyzers.  Their property lists differ on purpose:
// with equal ones the second IF NOT EXISTS would do nothing.

CYPHER 25 CREATE VECTOR INDEX memory_embedding IF NOT EXISTS
FOR (memory:Memory|Episode|Chunk) ON memory.embedding
WITH [memory.space_key, memory.visible_to, memory.kind, memory.state, memory.category, memory.memory_type,
      memory.source, memory.agent_id, memory.session_id, memory.valid_from, memory.valid_to,
      memory.recorded_at, memory.retired_at]
OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}};

CREATE FULLTEXT INDEX memory_text IF NOT EXISTS
FOR (memory:Memory|Episode) ON EACH [memory.content, memory.space_key, memory.state, memory.visible_to, memory.facets]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'english'}};

CREATE FULLTEXT INDEX memory_text_cjk IF NOT EXISTS
FOR (memory:Memory|Episode) ON EACH [memory.content, memory.facets, memory.state, memory.visible_to, memory.space_key]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'cjk'}};
