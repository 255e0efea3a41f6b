// Copies of memories in other spaces.  A copy is a memory of its own with one SHARED_FROM edge to its origin, which may be
// a memory, a message, or the bare trace of one that was erased.

// name: list_copies
// Which of these copies are there already, by the key of origin, space and audience.
UNWIND $keys AS share_key
MATCH (copy:Memory {share_key: share_key})
WHERE copy.space_key = $space_key
RETURN {share_key: share_key, id: copy.id} AS copy;

// name: create_copies
// Copies with the tags, vectors and pieces of their origins, which are not made anew.  What still waits for its vector
// waits for the task of the copies; how many do.
MATCH (space:Space {space_key: $space_key})
UNWIND $copies AS row
MATCH (origin:Memory|Episode {id: row.origin_id})
WHERE origin.space_key IN $space_keys
CREATE (copy:Memory)-[:IN_SPACE]->(space)
SET copy = row.properties, copy.share_key = row.share_key, copy.origin_id = coalesce(origin.origin_id, origin.id),
    copy.embed_task = CASE WHEN origin.embed_task IS NULL THEN null ELSE $task_id END
CREATE (copy)-[:SHARED_FROM {
  by: $by, agent: $agent, at: $now, note: $note, rule: $rule, mode: $mode, source_version: origin.version
}]->(origin)
FOREACH (name IN copy.tags | MERGE (tag:Tag {space_key: $space_key, name: name}) MERGE (copy)-[:TAGGED]->(tag))
WITH row, origin, copy
CALL (origin, copy) {
  WITH origin, copy WHERE origin.embedding IS NOT NULL
  CALL db.create.setNodeVectorProperty(copy, 'embedding', origin.embedding)
}
CALL (row, origin, copy) {
  MATCH (chunk:Chunk)-[:PART_OF]->(origin)
  CREATE (piece:Chunk)-[:PART_OF]->(copy)
  SET piece = row.search, piece.id = randomUUID(), piece.content = chunk.content, piece.position = chunk.position,
      piece.embed_task = CASE WHEN chunk.embed_task IS NULL THEN null ELSE $task_id END
  WITH chunk, piece
  CALL (chunk, piece) {
    WITH chunk, piece WHERE chunk.embedding IS NOT NULL
    CALL db.create.setNodeVectorProperty(piece, 'embedding', chunk.embedding)
  }
  RETURN count(piece.embed_task) AS waiting
}
RETURN {
  waiting: coalesce(sum(waiting), 0) + count(copy.embed_task),
  copies: collect(DISTINCT {
    id: copy.id, space_key: copy.space_key, visible_to: copy.visible_to, detail: copy.state, text_bytes: coalesce(copy.text_bytes, 0)
  })
} AS written;

// name: list_copies_of
// The copies of a memory in a space, or the copy itself when its own id was named, as far as the caller sees them.
CALL () {
  MATCH (origin:Memory|Episode|Origin {id: $id})<-[:SHARED_FROM]-(copy:Memory) RETURN copy
  UNION
  MATCH (copy:Memory {id: $id})-[:SHARED_FROM]->() RETURN copy
}
WITH copy WHERE copy.space_key = $space_key AND copy.visible_to IN $visible AND copy.state <> 'deleted'
RETURN copy.id AS id
ORDER BY copy.created_at, copy.id;

// name: list_copies_from
// The copies that were made of a copy, wherever they lie.
MATCH (origin:Memory {id: $id})<-[:SHARED_FROM]-(copy:Memory)
WHERE origin.space_key IN $space_keys AND copy.state <> 'deleted'
RETURN {id: copy.id, space_key: copy.space_key, visible_to: copy.visible_to} AS copy;

// name: move_copies
// Makes copies of a copy those of the one that replaces it.
MATCH (new:Memory {id: $new_id}) WHERE new.space_key IN $space_keys
UNWIND $copies AS row
MATCH (copy:Memory {id: row.id})-[shared:SHARED_FROM]->(:Memory {id: $old_id})
CREATE (copy)-[moved:SHARED_FROM]->(new)
SET moved = properties(shared), copy.share_key = row.share_key
DELETE shared
RETURN count(copy) AS moved;

// name: list_live_copies
// The copies that follow these memories: as long as whoever shared them may still read the origin and write where the
// copy lies.  Each with what its space says of secrets, and with the new text that it would have, '' for none.
UNWIND $ids AS id
MATCH (origin:Memory {id: id})<-[shared:SHARED_FROM {mode: 'live'}]-(copy:Memory)
WHERE origin.space_key IN $space_keys AND copy.state <> 'deleted'
  AND EXISTS { (:Tenant {id: shared.by})-[:MEMBER_OF]->(:Space {space_key: origin.space_key}) }
MATCH (:Tenant {id: shared.by})-[member:MEMBER_OF]->(space:Space {space_key: copy.space_key})
WHERE member.role <> 'reader'
RETURN {
  id: copy.id, space_key: copy.space_key, secrets: coalesce(space.secrets, 'mark'),
  text: CASE WHEN origin.state = 'deleted' OR origin.content = copy.content THEN '' ELSE origin.content END
} AS copy;

// name: update_live_copies
// Makes copies say what their origins say, with the vectors and pieces of those, or be deleted as they are; what they said
// before is kept.
UNWIND $ids AS id
MATCH (copy:Memory {id: id})-[shared:SHARED_FROM {mode: 'live'}]->(origin:Memory)
WHERE copy.space_key IN $space_keys
CREATE (:Revision {
  memory_id: copy.id, space_key: copy.space_key, version: copy.version, content: copy.content, tags: copy.tags,
  category: copy.category, memory_type: copy.memory_type, state: copy.state, importance: copy.importance,
  edited_at: $now, edited_by: $tenant_id
})-[:REVISION_OF]->(copy)
WITH copy, shared, origin, coalesce(copy.text_bytes, 0) AS before
SET copy += CASE WHEN origin.state = 'deleted' THEN origin {.state} ELSE origin {
    .content, .text_bytes, .l0_abstract, .l1_overview, .category, .memory_type, .importance, .confidence, .base_confidence, .tags, .state,
    .valid_from, .valid_to, .text_hash, .facets, .source, .agent_id, .session_id, .subject, .attribute, .value, .context,
    .modality, embedding: null
  } END,
  copy.embed_task = CASE WHEN origin.embed_task IS NULL THEN null ELSE $task_id END,
  copy.share_key = CASE WHEN origin.state = 'deleted' THEN null ELSE copy.share_key END, copy.current_key = null,
  copy.version = copy.version + 1, copy.rev = copy.rev + 1, copy.updated_at = $now, shared.source_version = origin.version
WITH copy, origin, before
CALL (copy) { MATCH (copy)-[tagged:TAGGED]->(tag:Tag) WHERE NOT tag.name IN copy.tags DELETE tagged }
CALL (copy) { MATCH (piece:Chunk)-[:PART_OF]->(copy) DETACH DELETE piece }
FOREACH (name IN copy.tags | MERGE (tag:Tag {space_key: copy.space_key, name: name}) MERGE (copy)-[:TAGGED]->(tag))
WITH copy, origin, before
CALL (origin, copy) {
  WITH origin, copy WHERE origin.embedding IS NOT NULL AND origin.state <> 'deleted'
  CALL db.create.setNodeVectorProperty(copy, 'embedding', origin.embedding)
}
CALL (origin, copy) {
  MATCH (chunk:Chunk)-[:PART_OF]->(origin)
  CREATE (piece:Chunk)-[:PART_OF]->(copy)
  SET piece = chunk {.*, embedding: null, id: randomUUID(), space_key: copy.space_key, visible_to: copy.visible_to},
      piece.embed_task = CASE WHEN chunk.embed_task IS NULL THEN null ELSE $task_id END
  WITH chunk, piece
  CALL (chunk, piece) {
    WITH chunk, piece WHERE chunk.embedding IS NOT NULL
    CALL db.create.setNodeVectorProperty(piece, 'embedding', chunk.embedding)
  }
  RETURN count(piece.embed_task) AS waiting
}
RETURN {
  waiting: coalesce(sum(waiting), 0) + count(copy.embed_task),
  copies: collect(DISTINCT {
    id: copy.id, space_key: copy.space_key, visible_to: copy.visible_to, detail: copy.state,
    text_bytes: CASE WHEN copy.state = 'deleted' THEN before ELSE coalesce(copy.text_bytes, 0) - before END
  })
} AS written;

// name: create_sharing_events
// Records what was shared, pulled, taken back or made anew.  No text is kept: who lists events reads it where it still lies.
UNWIND $events AS row
CREATE (event:SharingEvent)
SET event = row
RETURN count(event) AS created;
