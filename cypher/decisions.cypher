// What is decided about facts: what they may be about, the writes of a plan, decisions and their undoing.  Every query
// takes the space that is written to, or the spaces and visibility tokens of the reader.

// name: get_rev
// The revision of a space; when it has not moved, nobody wrote in between.
MATCH (state:SpaceState {space_key: $space_key})
RETURN state.rev AS rev;

// name: list_candidates
// For each fact the memories of the same audience that it may be about: with the same text, in the same slot, close in
// meaning, sharing words, sharing at least two entities that are not everywhere.  Held ones only by text and slot.
// Where the vector index failed, those of `compared` are compared one by one; it is null everywhere else.
CYPHER 25
UNWIND $facts AS fact
CALL (fact) {
  MATCH (memory:Memory {space_key: $space_key, text_hash: fact.text_hash})
  WHERE memory.state IN ['active', 'held'] AND memory.visible_to = fact.visible_to
  RETURN memory LIMIT $limit
  UNION
  UNWIND fact.slot_ids AS slot_id
  MATCH (slot:Slot {id: slot_id})<-[:ABOUT]-(memory:Memory)
  WHERE slot.space_key = $space_key AND memory.state IN ['active', 'held'] AND memory.visible_to = fact.visible_to
  WITH memory, fact ORDER BY memory.value = fact.value DESC, memory.valid_from DESC, memory.id
  RETURN memory LIMIT $limit
  UNION
  WITH fact.embedding AS embedding, fact.visible_to AS visible_to WHERE $compared IS NULL
  MATCH (memory:Memory)
  SEARCH memory IN (
    VECTOR INDEX memory_embedding FOR embedding
    WHERE memory.space_key = $space_key AND memory.visible_to IN $visible AND memory.kind = 'memory' AND memory.state = 'active'
    LIMIT $limit
  )
  WITH memory, visible_to WHERE memory.visible_to = visible_to
  RETURN memory
  UNION
  UNWIND $compared AS id
  MATCH (memory:Memory {id: id})
  WHERE memory.space_key = $space_key AND memory.state = 'active' AND memory.visible_to = fact.visible_to
    AND size(memory.embedding) = size(fact.embedding)
  RETURN memory ORDER BY vector.similarity.cosine(memory.embedding, fact.embedding) DESC LIMIT $limit
  UNION
  WITH fact WHERE fact.english_query <> ''
  CALL db.index.fulltext.queryNodes('memory_text', fact.english_query, {limit: $limit}) YIELD node AS memory
  WITH memory, fact WHERE memory:Memory AND memory.space_key = $space_key AND memory.state = 'active' AND memory.visible_to = fact.visible_to
  RETURN memory
  UNION
  WITH fact WHERE fact.cjk_query <> ''
  CALL db.index.fulltext.queryNodes('memory_text_cjk', fact.cjk_query, {limit: $limit}) YIELD node AS memory
  WITH memory, fact WHERE memory:Memory AND memory.space_key = $space_key AND memory.state = 'active' AND memory.visible_to = fact.visible_to
  RETURN memory
  UNION
  UNWIND fact.entities AS norm_name
  MATCH (entity:Entity {space_key: $space_key, norm_name: norm_name})
  WHERE COUNT { (entity)<-[:MENTIONS]-() } <= $most_mentions
  MATCH (entity)<-[:MENTIONS]-(memory:Memory)
  WHERE memory.state = 'active' AND memory.visible_to = fact.visible_to
  WITH memory, count(DISTINCT entity) AS shared WHERE shared >= 2
  RETURN memory ORDER BY shared DESC, memory.id LIMIT $limit
}
WITH fact, memory
WHERE memory.space_key = $space_key AND memory.visible_to IN $visible AND NOT memory.id IN $except_ids
  AND memory.derived_key IS NULL
RETURN {
  fact: fact.index, id: memory.id, text: memory.content, text_hash: memory.text_hash, category: memory.category,
  memory_type: memory.memory_type, state: memory.state, tenant_id: memory.tenant_id, said_at: memory.valid_from,
  valid_to: memory.valid_to, session_id: memory.session_id, confidence: memory.confidence, recorded_at: memory.recorded_at,
  speaker: coalesce(memory.speaker, ''), subject: coalesce(memory.subject, ''), attribute: coalesce(memory.attribute, ''),
  value: coalesce(memory.value, ''), context: coalesce(memory.context, ''), modality: coalesce(memory.modality, 'fact'),
  score: CASE WHEN memory.embedding IS NOT NULL AND size(memory.embedding) = size(fact.embedding)
    THEN vector.similarity.cosine(memory.embedding, fact.embedding) END
} AS candidate
ORDER BY fact.index, memory.id;

// name: list_targets
// The memories that decisions are about, as they are under the lock.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key = $space_key AND memory.state <> 'deleted'
RETURN memory {.*, embedding: null} AS memory;

// name: list_taken_keys
// Which of these keys of current memories are taken.
UNWIND $keys AS key
MATCH (memory:Memory {current_key: key})
WHERE memory.space_key = $space_key
RETURN key AS key;

// name: create_memories
// The memories of a plan with their tags and vectors, in their space.
UNWIND $rows AS row
MATCH (space:Space {space_key: $space_key})
CREATE (memory:Memory)-[:IN_SPACE]->(space)
SET memory = row.properties
FOREACH (name IN row.properties.tags | MERGE (tag:Tag {space_key: $space_key, name: name}) MERGE (memory)-[:TAGGED]->(tag))
WITH memory, row
CALL (memory, row) {
  WITH memory, row WHERE row.embedding IS NOT NULL
  CALL db.create.setNodeVectorProperty(memory, 'embedding', row.embedding)
}
RETURN {id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to} AS touched;

// name: create_evidence
// Leads memories to the messages that state them.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
MATCH (message:Episode {id: row.message_id}) WHERE message.space_key = $space_key
CREATE (memory)-[:EXTRACTED_FROM {
  start: row.start, end: row.end, kind: row.kind, decision: row.decision_id, task: $task_id, created_at: $now
}]->(message);

// name: create_relations
// The relations of a plan.  The types are of our enum.
UNWIND $rows AS row
MATCH (source:Memory {id: row.source_id}) WHERE source.space_key = $space_key
MATCH (target:Memory {id: row.target_id}) WHERE target.space_key = $space_key
MERGE (source)-[relation:$(row.type)]->(target)
ON CREATE SET relation.id = row.id, relation.method = row.method, relation.weight = row.weight, relation.label = row.label,
  relation.task = $task_id, relation.decision = row.decision_id, relation.created_at = $now, relation.space_key = $space_key
WITH source, target, row, relation WHERE relation.id = row.id
RETURN {
  id: source.id, space_key: source.space_key, detail: toLower(row.type),
  visible_to: CASE source.visible_to WHEN 'all0' THEN target.visible_to ELSE source.visible_to END
} AS touched;

// name: update_states
// Other states for memories that exist, with the end of their valid time; the pieces of long ones follow.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.id})
WHERE memory.space_key = $space_key AND memory.state <> 'deleted'
SET memory.state = row.state, memory.valid_to = row.valid_to, memory.current_key = row.current_key,
    memory.retired_at = row.retired_at, memory.updated_at = $now, memory.rev = memory.rev + 1,
    memory.review_at = CASE WHEN row.state IN ['active', 'held'] THEN $now END
WITH memory
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(memory)
SET chunk.state = memory.state, chunk.valid_to = memory.valid_to, chunk.retired_at = memory.retired_at
WITH DISTINCT memory
RETURN {id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to, detail: memory.state} AS touched;

// name: add_repeats
// Counts that memories were stated again.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key = $space_key
SET memory.repeat_count = coalesce(memory.repeat_count, 0) + 1, memory.last_confirmed_at = $now;

// name: update_meaning
// What a stored text was found to say of whom, and when that ends unless its author said so; the text is untouched.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key = $space_key
SET memory.subject = $subject, memory.attribute = $attribute, memory.value = $value, memory.context = $context,
    memory.modality = $modality,
    memory.valid_to = CASE WHEN memory.valid_to >= $open_end AND $valid_to > memory.valid_from THEN $valid_to ELSE memory.valid_to END
WITH memory
OPTIONAL MATCH (memory)-[old:ABOUT|MENTIONS]->()
DELETE old;

// name: create_decisions
// Decisions with what they touch: what was made, what was changed, what it is about.
UNWIND $rows AS row
CREATE (decision:Decision)
SET decision = row.properties
WITH decision, row
CALL (decision, row) {
  UNWIND row.touched AS one
  MATCH (memory:Memory {id: one.id}) WHERE memory.space_key = $space_key
  CREATE (decision)-[:DECIDED {op: one.op}]->(memory)
}
RETURN count(*) AS created;

// name: delete_ingest_marks
// Takes messages off the list of what waits for ingest, in the transaction that writes what came of them.
UNWIND $ids AS id
MATCH (message:Episode {id: id})
WHERE message.space_key = $space_key AND message.ingest_task = $task_id
SET message.ingest_task = null
RETURN count(*) AS done;

// name: list_window
// The next messages that wait for a task's ingest, in order; those of one session and one audience.
MATCH (message:Episode {ingest_task: $task_id})
WHERE message.space_key = $space_key AND message.state = 'active'
WITH message ORDER BY message.session_id, message.position LIMIT $limit
WITH collect(message) AS messages
UNWIND messages AS message
WITH messages[0] AS first, message
WHERE message.session_id = first.session_id AND message.visible_to = first.visible_to
RETURN message {.*, embedding: null} AS message
ORDER BY message.position;

// name: list_context
// What was said right before a message in its session, oldest first.
MATCH (message:Episode {space_key: $space_key, session_id: $session_id})
WHERE message.position < $position AND message.position >= $position - $limit AND message.visible_to = $visible_to
  AND message.state = 'active'
RETURN message {.*, embedding: null} AS message
ORDER BY message.position;

// name: delete_lost_marks
// Takes off the list what waits for ingest and may not be read any more.
MATCH (message:Episode {ingest_task: $task_id})
WHERE message.space_key = $space_key AND message.state <> 'active'
SET message.ingest_task = null;

// name: count_waiting_messages
// How many messages wait for a task's ingest.
MATCH (message:Episode {ingest_task: $task_id})
WHERE message.space_key = $space_key AND message.state = 'active'
RETURN count(*) AS waiting;

// name: list_decisions
// A page of the decisions that the caller may see, newest first.  What a deleted memory said is not shown.
UNWIND $space_keys AS space_key
CALL (space_key) {
  MATCH (decision:Decision {space_key: space_key})
  WHERE decision.created_at <= $before AND decision.visible_to IN $visible
    AND NOT (decision.created_at = $before AND decision.id >= $before_id)
    AND ($action = '' OR decision.action = $action) AND ($task_id = '' OR decision.task_id = $task_id)
    AND ($memory_id = '' OR EXISTS { (decision)-[:DECIDED]->(:Memory {id: $memory_id}) })
  RETURN decision ORDER BY decision.created_at DESC, decision.id DESC LIMIT $limit
}
WITH decision ORDER BY decision.created_at DESC, decision.id DESC LIMIT $limit
RETURN decision {
  .*, text: CASE WHEN EXISTS { (decision)-[:DECIDED {op: 'created'}]->(:Memory {state: 'deleted'}) } THEN '' ELSE decision.text END
} AS decision
ORDER BY decision.created_at DESC, decision.id DESC;

// name: list_task_decisions
// The decisions of a task that still hold, latest first.
MATCH (decision:Decision {task_id: $task_id})
WHERE decision.space_key = $space_key AND decision.undone_at IS NULL
RETURN decision {.*} AS decision
ORDER BY decision.rev DESC, decision.fact DESC;

// name: count_decisions
// How often each action was taken where the same or another one was asked for.  The time is asked for as the index has it.
UNWIND $space_keys AS space_key
MATCH (decision:Decision {space_key: space_key})
WHERE decision.created_at IS NOT NULL AND decision.visible_to IN $visible AND ($task_id = '' OR decision.task_id = $task_id)
WITH decision.requested_action AS requested_action, decision.action AS action, count(*) AS count
RETURN {requested_action: requested_action, action: action, count: count} AS counted
ORDER BY requested_action, action;

// name: get_decision
// A decision that the caller may see.
MATCH (decision:Decision {id: $id})
WHERE decision.space_key IN $space_keys AND decision.visible_to IN $visible
RETURN decision {
  .*, text: CASE WHEN EXISTS { (decision)-[:DECIDED {op: 'created'}]->(:Memory {state: 'deleted'}) } THEN '' ELSE decision.text END
} AS decision;

// name: exists_decision
// Whether a decision is there already, so that a task that is tried again writes nothing twice.
MATCH (decision:Decision {id: $id})
WHERE decision.space_key = $space_key
RETURN decision.id AS id;

// name: list_blocking
// Later decisions that still hold and build on what this one made or changed.  What only tells of age builds on nothing.
MATCH (decision:Decision {id: $id})
WHERE decision.space_key = $space_key
MATCH (decision)-[mine:DECIDED]->(memory:Memory)<-[theirs:DECIDED]-(later:Decision)
WHERE later.undone_at IS NULL AND NOT later.id IN $except_ids AND later.method <> 'age'
  AND (later.rev > decision.rev OR (later.rev = decision.rev AND later.fact > decision.fact))
  AND (mine.op = 'created' OR (mine.op = 'changed' AND theirs.op = 'changed'))
RETURN DISTINCT later.id AS id
ORDER BY id;

// name: undo_decision
// Takes back what a decision wrote between memories or entities, opens the conflict it resolved, and marks it as undone.
MATCH (decision:Decision {id: $id})
WHERE decision.space_key = $space_key AND decision.undone_at IS NULL
SET decision.undone_at = $now
WITH decision
CALL (decision) {
  MATCH (decision)-[:DECIDED]->(memory:Memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM {decision: $id}]-(:Memory)
  DELETE relation
}
CALL (decision) {
  MATCH (decision)-[:DECIDED]->(:Memory)-[conflict:CONTRADICTS {resolved_by: $id}]-(:Memory)
  SET conflict.resolved_by = null, conflict.resolution = null
}
CALL (decision) {
  MATCH (decision)-[:DECIDED {op: 'merged'}]->(:Entity)-[same:SAME_AS {decision: $id}]->(:Entity)
  DELETE same
}
CALL (decision) {
  MATCH (decision)-[:DECIDED {op: 'repeated'}]->(memory:Memory)-[evidence:EXTRACTED_FROM {decision: $id}]->(:Episode)
  DELETE evidence
}
CALL (decision) {
  MATCH (decision)-[:DECIDED {op: 'repeated'}]->(memory:Memory)
  SET memory.repeat_count = CASE WHEN memory.repeat_count > 0 THEN memory.repeat_count - 1 ELSE 0 END
}
RETURN decision.id AS id;
