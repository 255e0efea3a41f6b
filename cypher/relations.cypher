// Typed relations between memories; an edge to what the caller may not see does not exist for him.

// name: list_relations
// The relations of some memories in one or both directions, each with the memory at its other end, oldest first; so many
// for each memory.  As of a day only those with memories that were true then.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state <> 'deleted'
CALL (memory) {
  MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM|SIMILAR_TO]-(other:Memory)
  WHERE other.space_key IN $space_keys AND other.visible_to IN $visible AND other.state <> 'deleted'
    AND type(relation) IN $types
    AND ($as_of IS NULL OR (other.valid_from <= $as_of AND other.valid_to > $as_of))
    AND (relation.created_at > $after OR (relation.created_at = $after AND relation.id > $after_id))
  WITH relation, other, CASE WHEN startNode(relation) = memory THEN 'out' ELSE 'in' END AS direction
  // What is stored once and read both ways has no direction, so it is part of either.
  WHERE direction IN $directions OR type(relation) IN $symmetric
  RETURN relation, other, direction
  ORDER BY relation.created_at, relation.id
  LIMIT $limit
}
RETURN relation {
  .id, .weight, .label, .created_at, type: type(relation), method: coalesce(relation.method, ''), task_id: relation.task,
  direction: direction, of: memory.id, memory: other {.*, embedding: null}
} AS relation;

// name: get_relation
// One relation of a memory by its id.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state <> 'deleted'
MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM|SIMILAR_TO {id: $relation_id}]-(other:Memory)
WHERE other.space_key IN $space_keys AND other.visible_to IN $visible AND other.state <> 'deleted'
RETURN relation {
  .id, .weight, .label, .created_at, type: type(relation), method: coalesce(relation.method, ''), task_id: relation.task,
  direction: CASE WHEN startNode(relation) = memory THEN 'out' ELSE 'in' END, of: memory.id, memory: other {.*, embedding: null}
} AS relation;

// name: create_relation
// Relates two memories; an equal relation that exists is kept and answered.  The type is one of our enum's.
MATCH (source:Memory {id: $source_id}) WHERE source.space_key IN $space_keys
MATCH (target:Memory {id: $target_id}) WHERE target.space_key IN $space_keys
MERGE (source)-[relation:$($type)]->(target)
ON CREATE SET relation.id = $relation_id, relation.method = $method, relation.weight = $weight, relation.label = $label,
  relation.task = $task_id, relation.created_at = $now, relation.space_key = source.space_key, source.rev = source.rev + 1
RETURN relation.id AS id;

// name: is_successor
// Whether a memory replaces another one already, directly or through others.
MATCH (newer:Memory {id: $newer_id}) WHERE newer.space_key IN $space_keys
MATCH (older:Memory {id: $older_id}) WHERE older.space_key IN $space_keys
RETURN EXISTS { (newer)-[:SUPERSEDES*1..100]->(older) } AS is_successor;

// name: is_conclusion
// Whether a memory follows from another one already, directly or through others.
MATCH (conclusion:Memory {id: $id}) WHERE conclusion.space_key IN $space_keys
MATCH (premise:Memory {id: $premise_id}) WHERE premise.space_key IN $space_keys
RETURN EXISTS { (conclusion)-[:DERIVED_FROM*1..100]->(premise) } AS is_conclusion;

// name: create_similarities
// Records which memories lie close to each other: geometry, never evidence.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key = $space_key
UNWIND $neighbours AS row
MATCH (other:Memory {id: row.id})
WHERE other.space_key = $space_key
WITH row, CASE WHEN memory.id < other.id THEN memory ELSE other END AS lower,
     CASE WHEN memory.id < other.id THEN other ELSE memory END AS higher
MERGE (lower)-[relation:SIMILAR_TO]->(higher)
ON CREATE SET relation.id = randomUUID(), relation.method = 'vector', relation.task = $task_id, relation.created_at = $now
SET relation.cosine = row.cosine, relation.weight = row.cosine
RETURN count(*) AS created;

// name: delete_relation
// Removes a relation of a memory the caller may write to.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible
MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM|SIMILAR_TO {id: $relation_id}]-(other:Memory)
WHERE other.space_key IN $space_keys
DELETE relation
SET memory.rev = memory.rev + 1
RETURN count(*) AS deleted;

// name: mark_superseded
// Closes the valid time of a memory that another one was said to replace.
MATCH (older:Memory {id: $id})
WHERE older.space_key IN $space_keys AND older.state = 'active'
SET older.state = 'superseded', older.valid_to = $valid_to, older.current_key = null, older.updated_at = $now,
    older.rev = older.rev + 1
WITH older
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(older)
SET chunk.state = 'superseded', chunk.valid_to = older.valid_to
WITH DISTINCT older
RETURN {id: older.id, space_key: older.space_key, visible_to: older.visible_to, detail: older.state} AS touched;

// name: reopen
// Makes a memory current again when nothing supersedes it any more.
MATCH (older:Memory {id: $id})
WHERE older.space_key IN $space_keys AND older.state = 'superseded' AND NOT EXISTS { (older)<-[:SUPERSEDES]-(:Memory) }
SET older.state = 'active', older.valid_to = $open_end, older.current_key = $current_key, older.updated_at = $now,
    older.rev = older.rev + 1
WITH older
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(older)
SET chunk.state = 'active', chunk.valid_to = $open_end
WITH DISTINCT older
RETURN {id: older.id, space_key: older.space_key, visible_to: older.visible_to, detail: older.state} AS touched;
