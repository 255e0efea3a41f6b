// Imports: files, the documents they became, and what of them still waits to be stored.  Every query takes the caller's
// tenant and spaces.

// name: get_document
// The newest version of a text in a space, and whether anything of it is still there or on its way.
MATCH (document:Document {space_key: $space_key, hash: $hash})
WHERE document.version >= 1
RETURN {
  version: document.version,
  is_held: EXISTS { MATCH (document)<-[:PART_OF]-(episode:Episode) WHERE episode.state <> 'deleted' }
    OR EXISTS { (document)<-[:PART_OF]-(:Portion) }
} AS document
ORDER BY document.version DESC LIMIT 1;

// name: list_session_hashes
// Of the conversations with these ids those that a space has, each with the hashes of its messages for one audience.
UNWIND $ids AS id
MATCH (session:Session {space_key: $space_key, id: id})
RETURN {
  id: session.id,
  hashes: COLLECT {
    MATCH (episode:Episode {space_key: $space_key, session_id: session.id})
    WHERE episode.visible_to = $visible_to AND episode.hash IS NOT NULL AND episode.position >= 0
    RETURN episode.hash
  }
} AS session;

// name: create_import
// An import with the document that its file becomes.
MATCH (space:Space {space_key: $space_key})
CREATE (import:Import)
SET import = $properties
CREATE (document:Document {
  space_key: $space_key, hash: import.hash, version: import.version, filename: import.filename, format: import.format,
  created_at: import.created_at
})-[:IN_SPACE]->(space)
CREATE (import)-[:BROUGHT]->(document)
RETURN import.id AS id;

// name: create_portions
// Keeps a large file, cut into portions, until its task has stored them.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)
WHERE import.space_key = $space_key
UNWIND $portions AS row
CREATE (portion:Portion)-[:PART_OF]->(document)
SET portion = row, portion.import_id = $import_id, portion.space_key = $space_key
RETURN count(*) AS created;

// name: get_portion
// The first portion of an import that is not stored yet.
MATCH (portion:Portion {import_id: $import_id})
WHERE portion.number >= 0 AND portion.space_key = $space_key
RETURN portion {.number, .items} AS portion
ORDER BY portion.number LIMIT 1;

// name: delete_portion
// Takes away a portion that is stored now; no row when it is gone, with its import or stored by another worker.
MATCH (portion:Portion {import_id: $import_id, number: $number})
WHERE portion.space_key = $space_key
WITH portion, portion.number AS number
DETACH DELETE portion
RETURN number;

// name: keep_session_state
// Notes how a conversation stood before an import went on with it, so that a rollback can restore it.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)
WHERE import.space_key = $space_key
MATCH (session:Session {space_key: $space_key, id: $session_id})
WHERE NOT EXISTS { (document)<-[:PART_OF]-(:Episode)-[:PART_OF]->(session) }
MERGE (document)-[continues:CONTINUES]->(session)
ON CREATE SET continues.next_position = session.next_position, continues.last_seq = session.last_seq,
  continues.updated_at = session.updated_at
RETURN session.id AS id;

// name: add_episodes
// Makes stored messages part of the document of their import.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)
WHERE import.space_key = $space_key
SET import.storage_stored = import.storage_stored + size($ids)
WITH document
UNWIND $ids AS id
MATCH (episode:Episode {id: id})
WHERE episode.space_key = $space_key
CREATE (episode)-[:PART_OF]->(document)
RETURN count(*) AS added;

// name: get_import
// An import of the caller's tenant with its task and the number of portions that wait.
MATCH (import:Import {id: $id})
WHERE import.tenant_id = $tenant_id AND import.space_key IN $space_keys
OPTIONAL MATCH (task:Task {id: import.task_id})
RETURN {
  record: import {.*}, task: task {.*},
  waiting: COUNT { MATCH (portion:Portion {import_id: import.id}) WHERE portion.number >= 0 },
  unread: COUNT { MATCH (episode:Episode) WHERE episode.ingest_task IN import.task_ids },
  decided: COLLECT {
    MATCH (decision:Decision) WHERE decision.task_id IN import.task_ids AND decision.space_key = import.space_key
    WITH decision.action AS action, count(*) AS count
    RETURN {action: action, count: count}
  }
} AS import;

// name: get_import_of_task
// The import that a task works on.
MATCH (import:Import {id: $import_id})
WHERE import.tenant_id = $tenant_id AND import.space_key = $space_key
RETURN import {.*} AS import;

// name: list_imports
// The imports of the caller's tenant, newest first, from a cursor on.
MATCH (import:Import {tenant_id: $tenant_id})
WHERE import.created_at <= $before AND NOT (import.created_at = $before AND import.id >= $before_id)
  AND import.space_key IN $space_keys
WITH import ORDER BY import.created_at DESC, import.id DESC LIMIT $limit
OPTIONAL MATCH (task:Task {id: import.task_id})
RETURN {
  record: import {.*}, task: task {.*},
  waiting: COUNT { MATCH (portion:Portion {import_id: import.id}) WHERE portion.number >= 0 },
  unread: COUNT { MATCH (episode:Episode) WHERE episode.ingest_task IN import.task_ids },
  decided: COLLECT {
    MATCH (decision:Decision) WHERE decision.task_id IN import.task_ids AND decision.space_key = import.space_key
    WITH decision.action AS action, count(*) AS count
    RETURN {action: action, count: count}
  }
} AS import
ORDER BY import.record.created_at DESC, import.record.id DESC;

// name: count_imports
// How many imports the caller's tenant has.
MATCH (import:Import {tenant_id: $tenant_id})
WHERE import.created_at IS NOT NULL AND import.space_key IN $space_keys
RETURN count(*) AS total;

// name: delete_empty_documents
// Removes what of a space's files is left when its messages are erased: portions, and documents without any message.
MATCH (space:Space {space_key: $space_key})
CALL (space) {
  // The hint: while there are few portions the planner would begin with all of them.
  MATCH (portion:Portion {space_key: space.space_key}) USING INDEX portion:Portion(space_key)
  DETACH DELETE portion
}
CALL (space) {
  MATCH (space)<-[:IN_SPACE]-(document:Document)
  WHERE NOT EXISTS { (document)<-[:PART_OF]-(:Episode) }
  DETACH DELETE document
};

// name: mark_import
// Gives an import another task, which works once more on all that it stored; how many messages those are.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)
WHERE import.space_key = $space_key
SET import.task_id = $task_id, import.task_ids = import.task_ids + $task_id, import.post_process = true
WITH document
MATCH (document)<-[:PART_OF]-(episode:Episode)
WHERE episode.state = 'active'
SET episode.ingest_task = $task_id
RETURN count(*) AS marked;

// name: stop_import
// Takes away what an import still waits for: portions to be stored, and marks of messages to be read.  Whoever works on
// them finds under the lock of the space that they are gone, and writes nothing.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)
WHERE import.space_key = $space_key
CALL (document) {
  MATCH (document)<-[:PART_OF]-(portion:Portion)
  DETACH DELETE portion
}
CALL (document) {
  MATCH (document)<-[:PART_OF]-(episode:Episode)
  WHERE episode.ingest_task IS NOT NULL
  SET episode.ingest_task = null
};

// name: count_rollback
// What only an import brought: its messages, and the conversations that have no others.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)<-[:PART_OF]-(episode:Episode)-[:PART_OF]->(session:Session)
WHERE import.space_key = $space_key
WITH document, session, count(*) AS messages
RETURN {
  messages: sum(messages),
  sessions: count(CASE WHEN NOT EXISTS { (document)-[:CONTINUES]->(session) } THEN 1 END)
} AS counted;

// name: delete_undone_memories
// Removes the memories that the undone decisions of an import made, with their pieces and what was said of them.
MATCH (import:Import {id: $import_id})
WHERE import.space_key = $space_key
UNWIND import.task_ids AS task_id
MATCH (decision:Decision {task_id: task_id})
WHERE decision.space_key = $space_key AND decision.undone_at IS NOT NULL
UNWIND decision.created AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key = $space_key AND memory.state IN ['retracted', 'deleted']
WITH DISTINCT memory
CALL (memory) {
  MATCH (part:Chunk)-[:PART_OF]->(memory)
  DETACH DELETE part
}
CALL (memory) {
  MATCH (revision:Revision)-[:REVISION_OF]->(memory)
  DETACH DELETE revision
}
WITH memory, CASE WHEN memory.state = 'deleted' THEN 0 ELSE 1 END AS kept, coalesce(memory.text_bytes, 0) AS text_bytes
DETACH DELETE memory
RETURN {count: count(*), kept: coalesce(sum(kept), 0), text_bytes: coalesce(sum(kept * text_bytes), 0)} AS erased;

// name: delete_import_links
// Takes away what the tasks of an import said of memories that stay, and the entities and slots that nothing else names.
MATCH (import:Import {id: $import_id})
WHERE import.space_key = $space_key
WITH import.task_ids AS task_ids
CALL (task_ids) {
  MATCH (entity:Entity)
  WHERE entity.space_key = $space_key AND entity.norm_name >= '' AND entity.type >= '' AND entity.task IN task_ids
    AND NOT EXISTS { (entity)<-[:MENTIONS]-(:Memory) }
  DETACH DELETE entity
}
CALL (task_ids) {
  MATCH (slot:Slot)
  WHERE slot.space_key = $space_key AND slot.subject >= '' AND slot.attribute >= '' AND slot.context >= ''
    AND slot.task IN task_ids AND NOT EXISTS { (slot)<-[:ABOUT]-(:Memory) }
  DETACH DELETE slot
};

// name: delete_import_messages
// Removes a batch of the messages of an import that no memory is taken from any more, with their pieces.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)<-[:PART_OF]-(episode:Episode)
WHERE import.space_key = $space_key AND NOT EXISTS { (episode)<-[:EXTRACTED_FROM]-(:Memory) }
WITH episode LIMIT $batch
CALL (episode) {
  MATCH (part:Chunk)-[:PART_OF]->(episode)
  DETACH DELETE part
}
WITH episode, CASE WHEN episode.state = 'deleted' THEN 0 ELSE 1 END AS kept, coalesce(episode.text_bytes, 0) AS text_bytes
DETACH DELETE episode
RETURN {count: count(*), kept: coalesce(sum(kept), 0), text_bytes: coalesce(sum(kept * text_bytes), 0)} AS erased;

// name: restore_sessions
// Conversations that an import went on with stand as before, unless somebody went on with them since.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(document:Document)-[continues:CONTINUES]->(session:Session)
WHERE import.space_key = $space_key
  AND NOT EXISTS { MATCH (session)<-[:PART_OF]-(later:Episode) WHERE later.position >= continues.next_position }
SET session.next_position = continues.next_position, session.last_seq = continues.last_seq, session.updated_at = continues.updated_at;

// name: finish_rollback
// Removes what is left of an import when its messages are gone: its document, empty conversations and unused tags.
MATCH (import:Import {id: $import_id})
WHERE import.space_key = $space_key
SET import.rolled_back_at = $now
WITH import
CALL (import) {
  MATCH (import)-[:BROUGHT]->(document:Document)
  WHERE NOT EXISTS { (document)<-[:PART_OF]-(:Episode) }
  DETACH DELETE document
}
CALL (import) {
  UNWIND $session_ids AS id
  MATCH (session:Session {space_key: import.space_key, id: id})
  WHERE NOT EXISTS { (session)<-[:PART_OF]-(:Episode) }
  OPTIONAL MATCH (session)-[:HELD_BY]->(agent:Agent)
  DETACH DELETE session
  WITH DISTINCT agent WHERE agent IS NOT NULL AND NOT EXISTS { (agent)--() }
  DELETE agent
}
CALL (import) {
  MATCH (tag:Tag {space_key: import.space_key})
  WHERE tag.name >= '' AND NOT EXISTS { (tag)<-[:TAGGED]-() }
  DELETE tag
}
RETURN import.id AS id;

// name: list_import_sessions
// The conversations that the messages of an import are part of.
MATCH (import:Import {id: $import_id})-[:BROUGHT]->(:Document)<-[:PART_OF]-(:Episode)-[:PART_OF]->(session:Session)
WHERE import.space_key = $space_key
RETURN DISTINCT session.id AS id;
