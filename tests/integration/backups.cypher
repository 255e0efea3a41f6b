// What the test of backups asks a whole store.

// name: graph
// Everything there is, in an order that does not depend on how it is stored.
CALL () {
  MATCH (node) WHERE NOT node:Task AND NOT node:Job
  RETURN 'node' AS kind, labels(node) AS names, properties(node) AS had, '' AS ends
  UNION ALL
  MATCH (one)-[edge]->(other)
  RETURN 'edge' AS kind, [type(edge)] AS names, properties(edge) AS had,
    toString(coalesce(one.id, '')) + ' ' + toString(coalesce(other.id, '')) AS ends
}
RETURN [kind, names, had, ends] AS one;

// name: halves
// What a transaction writes together and is there by half: a memory with its space, its task, its event; a team with its
// state and its owner.
CALL () {
  MATCH (memory:Memory) WHERE NOT EXISTS { (memory)-[:IN_SPACE]->(:Space {space_key: memory.space_key}) }
  RETURN memory.id AS id
  UNION ALL
  MATCH (memory:Memory) WHERE NOT EXISTS { (:Event {subject_id: memory.id}) } RETURN memory.id AS id
  UNION ALL
  MATCH (memory:Memory) WHERE NOT EXISTS { (:Task {memory_id: memory.id}) } AND memory.source = 'writer'
  RETURN memory.id AS id
  UNION ALL
  MATCH (memory:Memory) WHERE memory.embedding IS NULL AND memory.embed_task IS NULL RETURN memory.id AS id
  UNION ALL
  MATCH (memory:Memory) WHERE any(tag IN memory.tags WHERE NOT EXISTS { (memory)-[:TAGGED]->(:Tag {name: tag}) })
  RETURN memory.id AS id
  UNION ALL
  MATCH (space:Space) WHERE NOT EXISTS { (:SpaceState {space_key: space.space_key}) } RETURN space.id AS id
  UNION ALL
  MATCH (space:Space) WHERE NOT EXISTS { (:Tenant)-[:MEMBER_OF]->(space) } RETURN space.id AS id
  UNION ALL
  MATCH (state:SpaceState)
  WHERE state.event_count <> COUNT { MATCH (event:Event {space_key: state.space_key}) }
  RETURN state.space_key AS id
}
RETURN id;

// name: memories
// The ids of all memories.
MATCH (memory:Memory)
RETURN memory.id AS id;

// name: unfinished_indexes
// Indexes that cannot answer.
SHOW INDEXES YIELD name, state
WHERE state <> 'ONLINE'
RETURN name;

// name: nearest
// The memories with the vectors nearest to one's own.
CYPHER 25
MATCH (one:Memory {id: $id})
MATCH (memory:Memory)
  SEARCH memory IN (VECTOR INDEX memory_embedding FOR one.embedding LIMIT 5) SCORE AS score
RETURN memory.id AS id ORDER BY score DESC;

// name: with_word
// How many texts the index of words finds.
CALL db.index.fulltext.queryNodes('memory_text', 'garden', {limit: 100000}) YIELD node
RETURN count(node) AS found;
