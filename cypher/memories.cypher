// Memories, and the messages that read like memories on the wire.  Every query takes the spaces the caller may use and
// the visibility tokens of its agent.

// name: lock_space
// Takes the write lock of a space and moves its revision.  Every write begins here, so writers of one space queue up
// instead of deadlocking.  The value that never changes is set first: what reads and writes one property (`rev`) takes
// another lock before that of the node and gives it back, so that two of these in one transaction meet crosswise.
MATCH (state:SpaceState {space_key: $space_key})
SET state.locked = true
WITH state
SET state.rev = state.rev + 1
RETURN state.rev AS rev;

// name: lock_for_text
// The same, with the current memory of a text, agent and audience, and whether rules share what is new in the space.
MATCH (state:SpaceState {space_key: $space_key})
SET state.locked = true
WITH state
SET state.rev = state.rev + 1
WITH state
OPTIONAL MATCH (memory:Memory {current_key: $current_key})
WHERE memory.space_key = state.space_key
RETURN {
  known: memory {.*, embedding: null},
  has_rules: EXISTS { (:Space {space_key: $space_key})<-[:SHARES_FROM]-(:AutoShareRule) }
} AS found;

// name: get_by_text
// The current memory with the same text, agent and audience, if there is one.
MATCH (memory:Memory {current_key: $current_key})
WHERE memory.space_key = $space_key
RETURN memory {.*, embedding: null} AS memory;

// name: add_repeat
// Counts that a memory was stated again.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key = $space_key
SET memory.repeat_count = memory.repeat_count + 1, memory.last_confirmed_at = $now
RETURN memory {.*, embedding: null} AS memory;

// name: create_memory
// A memory with its tags, its vector and its task; without a vector it waits for that to make one.  The task is the first
// of its memory, so nothing is before it in its lane.  Times come as text, as with `create_messages`.
MATCH (space:Space {space_key: $space_key})
WITH space, $properties AS own, $task AS todo
CREATE (memory:Memory)-[:IN_SPACE]->(space)
SET memory = own {
  .*, valid_from: datetime($times.valid_from), valid_to: datetime($times.valid_to),
  recorded_at: datetime($times.recorded_at), retired_at: datetime($times.retired_at),
  created_at: datetime($times.created_at), updated_at: datetime($times.updated_at), review_at: datetime($times.review_at)
}
CREATE (task:Task)
SET task = todo {.*, phase: 'ready', created_at: memory.created_at, due_at: memory.created_at}
FOREACH (name IN $properties.tags | MERGE (tag:Tag {space_key: $space_key, name: name}) MERGE (memory)-[:TAGGED]->(tag))
WITH memory
CALL (memory) {
  WITH memory WHERE $embedding IS NOT NULL
  CALL db.create.setNodeVectorProperty(memory, 'embedding', $embedding)
}
RETURN {id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to} AS touched;

// name: get_memories
// The memories and messages with these ids that the caller may read, in the order of the ids, with the relations and
// the successor he may read.  One row with times as text, which costs the driver a fraction of rows with times.
UNWIND range(0, size($ids) - 1) AS rank
WITH rank, $ids[rank] AS id
MATCH (memory:Memory|Episode {id: id})
WITH rank, memory
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state <> 'deleted'
WITH rank, memory {
  .*, embedding: null,
  valid_from: toString(memory.valid_from), valid_to: toString(memory.valid_to), recorded_at: toString(memory.recorded_at),
  retired_at: toString(memory.retired_at), created_at: toString(memory.created_at), updated_at: toString(memory.updated_at),
  last_accessed_at: toString(memory.last_accessed_at), last_confirmed_at: null,
  superseded_by: head([(memory)<-[:SUPERSEDES]-(newer:Memory)
    WHERE newer.space_key IN $space_keys AND newer.visible_to IN $visible AND newer.state <> 'deleted' | newer.id]),
  shared: head([(memory)-[shared:SHARED_FROM]->(origin:Memory|Episode|Origin) | shared {
    .by, .agent, .note, .rule, .mode, .source_version, at: toString(shared.at), memory_id: origin.id, space_id: origin.space_id,
    created_at: toString(origin.created_at), current_version: origin.version,
    is_deleted: coalesce(origin.state, 'deleted') IN ['deleted', 'retracted']
  }]),
  relations: [(memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES]->(other:Memory)
    WHERE other.space_key IN $space_keys AND other.visible_to IN $visible AND other.state <> 'deleted' |
    {relation_type: toLower(type(relation)), target_id: other.id, context_label: relation.label}]
    + [(memory)<-[relation:CONTRADICTS]-(other:Memory)
    WHERE other.space_key IN $space_keys AND other.visible_to IN $visible AND other.state <> 'deleted' |
    {relation_type: 'contradicts', target_id: other.id, context_label: relation.label}],
  // Whether it, or a fact that was made of it, is in an open conflict, whoever may see the other side.
  is_disputed: EXISTS { (memory)-[conflict:CONTRADICTS]-(:Memory) WHERE conflict.resolved_by IS NULL }
    OR EXISTS { (memory)<-[:EXTRACTED_FROM]-(:Memory)-[conflict:CONTRADICTS]-(:Memory) WHERE conflict.resolved_by IS NULL }
} AS memory
ORDER BY rank
RETURN collect(memory) AS memories;

// name: list_newest
// The ids of a page of memories, newest first, read in index order space by space: the planner does so with the hint
// and the space in the order.
UNWIND $space_keys AS space_key
CALL (space_key) {
  MATCH (memory:Memory {space_key: space_key}) USING INDEX memory:Memory(space_key, created_at)
  WHERE memory.created_at <= $before
    AND NOT (memory.created_at = $before AND memory.id >= $before_id)
    AND memory.state IN $states AND memory.visible_to IN $visible
    AND ($category = '' OR memory.category = $category)
    AND ($memory_type = '' OR memory.memory_type = $memory_type)
    AND ($tier = '' OR memory.tier = $tier)
    AND ($source = '' OR memory.source = $source)
    AND ($agent_id = '' OR memory.agent_id = $agent_id)
    AND ($session_id = '' OR memory.session_id = $session_id)
    AND all(tag IN $tags WHERE tag IN memory.tags)
    AND memory.valid_from >= $since AND memory.valid_from < $until
    AND (NOT $needs_review OR memory.needs_review)
  RETURN memory.id AS id, memory.created_at AS created_at
  ORDER BY memory.space_key DESC, created_at DESC, id DESC LIMIT $window
}
WITH id, created_at ORDER BY created_at DESC, id DESC SKIP $offset LIMIT $limit
RETURN id;

// name: list_sorted
// The ids of a page of memories, or of messages, in any order; reads all of the space that match.
CALL () {
  MATCH (memory:Memory) WHERE $kind = 'memory' AND memory.space_key IN $space_keys RETURN memory
  UNION ALL
  MATCH (memory:Episode) WHERE $kind = 'message' AND memory.space_key IN $space_keys RETURN memory
}
WITH memory, memory[$sort] AS key
WHERE ($after_id = '' OR CASE WHEN $descending
        THEN key < $after OR (key = $after AND memory.id < $after_id)
        ELSE key > $after OR (key = $after AND memory.id > $after_id) END)
    AND memory.state IN $states AND memory.visible_to IN $visible
    AND ($category = '' OR memory.category = $category)
    AND ($memory_type = '' OR memory.memory_type = $memory_type)
    AND ($tier = '' OR memory.tier = $tier)
    AND ($source = '' OR memory.source = $source)
    AND ($agent_id = '' OR memory.agent_id = $agent_id)
    AND ($session_id = '' OR memory.session_id = $session_id)
    AND all(tag IN $tags WHERE tag IN memory.tags)
    AND memory.valid_from >= $since AND memory.valid_from < $until
    AND (NOT $needs_review OR memory.needs_review)
WITH memory.id AS id, key
ORDER BY CASE WHEN $descending THEN key END DESC, CASE WHEN $descending THEN id END DESC, key, id
SKIP $offset LIMIT $limit
RETURN id;

// name: count_memories
// How many memories a list without filters has; answered from the index alone.
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, state, visible_to)
WHERE memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
RETURN count(*) AS total;

// name: count_listed
// How many memories, or messages, a list with filters has.
CALL () {
  MATCH (memory:Memory) WHERE $kind = 'memory' AND memory.space_key IN $space_keys RETURN memory
  UNION ALL
  MATCH (memory:Episode) WHERE $kind = 'message' AND memory.space_key IN $space_keys RETURN memory
}
WITH memory
WHERE true
    AND memory.state IN $states AND memory.visible_to IN $visible
    AND ($category = '' OR memory.category = $category)
    AND ($memory_type = '' OR memory.memory_type = $memory_type)
    AND ($tier = '' OR memory.tier = $tier)
    AND ($source = '' OR memory.source = $source)
    AND ($agent_id = '' OR memory.agent_id = $agent_id)
    AND ($session_id = '' OR memory.session_id = $session_id)
    AND all(tag IN $tags WHERE tag IN memory.tags)
    AND memory.valid_from >= $since AND memory.valid_from < $until
    AND (NOT $needs_review OR memory.needs_review)
RETURN count(*) AS total;

// name: update_memory
// Changes a memory and keeps what it said before; new text comes with its vector, otherwise the vector is not touched.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key = $space_key AND memory.state <> 'deleted'
CREATE (revision:Revision {
  memory_id: memory.id, space_key: memory.space_key, version: memory.version, content: memory.content, tags: memory.tags,
  category: memory.category, memory_type: memory.memory_type, state: memory.state, importance: memory.importance,
  edited_at: $now, edited_by: $tenant_id
})-[:REVISION_OF]->(memory)
WITH memory, coalesce(memory.text_bytes, 0) AS before
SET memory += $change, memory.share_key = CASE WHEN $change.state = 'deleted' THEN null ELSE memory.share_key END
WITH memory, before
CALL (memory) {
  MATCH (memory)-[tagged:TAGGED]->(tag:Tag) WHERE NOT tag.name IN memory.tags DELETE tagged
}
FOREACH (name IN memory.tags | MERGE (tag:Tag {space_key: $space_key, name: name}) MERGE (memory)-[:TAGGED]->(tag))
WITH memory, before
CALL (memory) {
  WITH memory WHERE $embedding IS NOT NULL
  CALL db.create.setNodeVectorProperty(memory, 'embedding', $embedding)
}
RETURN {
  id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to, detail: memory.state,
  text_bytes: CASE WHEN memory.state = 'deleted' THEN before ELSE coalesce(memory.text_bytes, 0) - before END
} AS touched;

// name: update_chunks
// Gives the chunks of a memory the search properties of the memory.
MATCH (chunk:Chunk)-[:PART_OF]->(memory:Memory|Episode {id: $id})
WHERE chunk.space_key = $space_key
SET chunk += $search;

// name: create_chunks
// The pieces of a long text, each with its own vector; those without one wait for their task.
MATCH (whole:Memory|Episode {id: $id})
WHERE whole.space_key = $space_key
UNWIND $chunks AS row
CREATE (chunk:Chunk)-[:PART_OF]->(whole)
SET chunk = row.properties
WITH chunk, row
CALL (chunk, row) {
  WITH chunk, row WHERE row.embedding IS NOT NULL
  CALL db.create.setNodeVectorProperty(chunk, 'embedding', row.embedding)
}
RETURN count(*) AS created;

// name: delete_chunks
// Removes the pieces of a text that is replaced or deleted.
MATCH (chunk:Chunk)-[:PART_OF]->(whole:Memory|Episode {id: $id})
WHERE chunk.space_key = $space_key
DETACH DELETE chunk;

// name: list_revisions
// What a memory said before each edit, newest first.
MATCH (memory:Memory {id: $id})<-[:REVISION_OF]-(revision:Revision)
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state <> 'deleted'
RETURN revision {.*} AS revision
ORDER BY revision.version DESC;

// name: supersede
// Closes the valid time of what a new memory replaces, and links the two.
MATCH (newer:Memory {id: $id})
WHERE newer.space_key = $space_key
UNWIND $replaced AS replaced_id
MATCH (older:Memory {id: replaced_id})
WHERE older.space_key IN $space_keys
SET older.state = 'superseded', older.valid_to = newer.valid_from, older.current_key = null,
    older.updated_at = $now, older.rev = older.rev + 1
CREATE (newer)-[:SUPERSEDES {id: randomUUID(), method: 'user', task: $task_id, created_at: $now}]->(older)
WITH older
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(older)
SET chunk.state = 'superseded', chunk.valid_to = older.valid_to
WITH DISTINCT older
RETURN {id: older.id, space_key: older.space_key, visible_to: older.visible_to} AS touched;

// name: delete_memories
// Marks memories and messages as deleted and removes their pieces; those already deleted do not count again.
UNWIND $ids AS id
MATCH (memory:Memory|Episode {id: id})
WITH memory WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state <> 'deleted'
SET memory.state = 'deleted', memory.current_key = null, memory.share_key = null, memory.version = memory.version + 1, memory.rev = memory.rev + 1,
    memory.updated_at = $now, memory.embed_task = null
WITH memory
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(memory)
DETACH DELETE chunk
WITH DISTINCT memory
RETURN {
  id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to, text_bytes: coalesce(memory.text_bytes, 0)
} AS touched;

// name: get_deleted
// Whether an id is a memory of the caller that is already deleted.
MATCH (memory:Memory|Episode {id: $id})
WITH memory WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state = 'deleted'
RETURN memory.id AS id;

// name: list_matching
// The ids that a bulk deletion by filter is about.
MATCH (memory:Memory)
WHERE memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
  AND ($source_prefix = '' OR memory.source STARTS WITH $source_prefix)
  AND ($category = '' OR memory.category = $category)
  AND ($memory_type = '' OR memory.memory_type = $memory_type)
  AND all(tag IN $tags WHERE tag IN memory.tags)
  AND memory.created_at < $before
RETURN memory.id AS id;
