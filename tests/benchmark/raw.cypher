// What the service is compared with: each the least that could answer, over the same data and indexes.

// name: search_vector
// The nearest memories of a space, filtered inside the index.
CYPHER 25
MATCH (memory:Memory)
SEARCH memory IN (
  VECTOR INDEX memory_embedding FOR $embedding
  WHERE memory.space_key = $space_key AND memory.visible_to = 'all0' AND memory.state = 'active'
  LIMIT $limit
) SCORE AS score
RETURN {id: memory.id, score: score} AS hit;

// name: search_text
// The memories of a space with these words.
CALL db.index.fulltext.queryNodes('memory_text', $text_query, {limit: $limit}) YIELD node, score
RETURN {id: node.id, score: score} AS hit;

// name: get_memory
// One memory by its id.
MATCH (memory:Memory {id: $id})
RETURN memory {.*, embedding: null} AS memory;

// name: create_memory
// One memory with its vector.
CREATE (memory:Memory)
SET memory = $properties
WITH memory
CALL db.create.setNodeVectorProperty(memory, 'embedding', $embedding)
RETURN memory.id AS id;

// name: create_memories
// Many memories with their vectors, in their spaces.
UNWIND $rows AS row
MATCH (space:Space {space_key: row.properties.space_key})
CREATE (memory:Memory)-[:IN_SPACE]->(space)
SET memory = row.properties
WITH memory, row
CALL db.create.setNodeVectorProperty(memory, 'embedding', row.embedding)
RETURN count(*) AS created;

// name: create_messages
// Many messages with their vectors, as little as could be stored of them.
UNWIND $rows AS row
CREATE (episode:Episode)
SET episode = row.properties
WITH episode, row
CALL db.create.setNodeVectorProperty(episode, 'embedding', row.embedding)
RETURN count(*) AS created;

// name: move_space
// What every write does to its space, so that nothing counted before holds any more.
MATCH (state:SpaceState {space_key: $space_key})
SET state.rev = state.rev + 1;

// name: create_relations
// Relations from one memory to some others.
MATCH (memory:Memory {id: $id})
UNWIND $others AS other_id
MATCH (other:Memory {id: other_id})
CREATE (memory)-[:SUPPORTS {id: randomUUID(), method: 'user', created_at: $now, weight: 1.0}]->(other)
RETURN count(*) AS created;

// name: create_spaces
// Spaces that nobody signs up for.
UNWIND $space_keys AS space_key
CREATE (:Space {id: 'personal/' + space_key, space_key: space_key, kind: 'personal'})
CREATE (:SpaceState {space_key: space_key, rev: 0})
RETURN count(*) AS created;

// name: get_space_key
// The personal space of a key's tenant.
MATCH (key:ApiKey {hash: $hash})
MATCH (space:Space {id: 'personal/' + key.tenant_id})
RETURN space.space_key AS space_key;

// name: count_vectors
// How many vectors the index holds, all tenants together.
CALL () {
  MATCH (node:Memory) RETURN count(*) AS nodes
  UNION ALL
  MATCH (node:Episode) RETURN count(*) AS nodes
  UNION ALL
  MATCH (node:Chunk) RETURN count(*) AS nodes
}
RETURN sum(nodes) AS nodes;

// name: delete_spaces
// Removes everything in some spaces.
MATCH (node:Memory|Episode|Chunk|Session|Tag|Task|Space|SpaceState|Revision)
WHERE node.space_key IN $space_keys
CALL (node) {
  DETACH DELETE node
} IN TRANSACTIONS OF 500 ROWS;

// name: delete_tenant
// Removes a tenant with its keys and agents.
MATCH (key:ApiKey {hash: $hash})
MATCH (tenant:Tenant {id: key.tenant_id})
OPTIONAL MATCH (agent:Agent {tenant_id: tenant.id})
DETACH DELETE key, agent, tenant;

// name: await_indexes
// Returns when all indexes are there, or fails after so many seconds.
CALL db.awaitIndexes($seconds);

// name: drop_memory_embedding
// Removes the vector index.
DROP INDEX memory_embedding;

// name: drop_memory_text
// Removes the text index for English.
DROP INDEX memory_text;

// name: drop_memory_text_cjk
// Removes the text index for Chinese.
DROP INDEX memory_text_cjk;
