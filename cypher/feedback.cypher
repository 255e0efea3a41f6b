// What agents said about memories: one verdict of an agent on a memory, the last one.

// name: get_rating
// The verdict that the caller's agent gave on a memory or message.
MATCH (:Agent {tenant_id: $tenant_id, id: $agent_id})-[rated:RATED]->(memory:Memory|Episode {id: $id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible
RETURN {verdict: rated.verdict, has_raised: rated.has_raised} AS rating;

// name: add_rating
// Records who said what of a memory or message, and when.
MATCH (memory:Memory|Episode {id: $id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible
MERGE (agent:Agent {tenant_id: $tenant_id, id: $agent_id})
MERGE (agent)-[rated:RATED]->(memory)
ON CREATE SET rated.created_at = $now
SET rated.verdict = $verdict, rated.has_raised = $has_raised, rated.updated_at = $now
RETURN memory.id AS id;

// name: apply_feedback
// Gives a memory or message, and its pieces, the state that feedback leaves it in.
MATCH (memory:Memory|Episode {id: $id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible
SET memory += $change
WITH memory
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(memory)
SET chunk.state = memory.state, chunk.retired_at = memory.retired_at
WITH DISTINCT memory
RETURN {id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to, detail: memory.state} AS touched;
