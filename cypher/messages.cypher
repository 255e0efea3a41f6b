// Messages (episodes) and their sessions.

// name: get_session_cursor
// What is known of a session: its last sequence number and the hashes of its latest messages, oldest first.
MATCH (session:Session {space_key: $space_key, id: $session_id})
RETURN {
  last_seq: session.last_seq, position: session.next_position,
  hashes: COLLECT {
    MATCH (episode:Episode {space_key: $space_key, session_id: $session_id})
    WHERE episode.position >= session.next_position - $window AND episode.visible_to = $visible_to
    RETURN episode.hash ORDER BY episode.position
  }
} AS cursor;

// name: lock_for_session
// Takes the write lock of a space and moves its revision, as `lock_space` does; then the same as `get_session_cursor`.
MATCH (state:SpaceState {space_key: $space_key})
SET state.locked = true
WITH state
SET state.rev = state.rev + 1
WITH state
OPTIONAL MATCH (session:Session {space_key: $space_key, id: $session_id})
RETURN {
  cursor: CASE WHEN session IS NOT NULL THEN {
    last_seq: session.last_seq, position: session.next_position,
    hashes: COLLECT {
      MATCH (episode:Episode {space_key: $space_key, session_id: $session_id})
      WHERE episode.position >= session.next_position - $window AND episode.visible_to = $visible_to
      RETURN episode.hash ORDER BY episode.position
    }
  } END
} AS found;

// name: list_recent_sessions
// The latest conversations of one agent from one source for one audience, each with the hashes of its last messages,
// oldest first; of one tenant, since members of a team have agents of equal names.
MATCH (session:Session) USING INDEX session:Session(space_key, agent_id, source, updated_at)
WHERE session.space_key = $space_key AND session.agent_id = $agent_id AND session.source = $source
  AND session.updated_at >= $since AND session.tenant_id = $tenant_id AND session.visible_to = $visible_to
WITH session ORDER BY session.updated_at DESC LIMIT $limit
RETURN {
  id: session.id, updated_at: session.updated_at, message_count: session.next_position,
  hashes: COLLECT {
    MATCH (episode:Episode {space_key: $space_key, session_id: session.id})
    WHERE episode.position >= session.next_position - $window AND episode.visible_to = $visible_to
    RETURN episode.hash ORDER BY episode.position
  }
} AS session;

// name: create_messages
// Stores messages in order: each in its session, after the one before it, with the vector it has by now.  Their
// times come as text: the driver takes longer to send one than the server to store it.
MATCH (space:Space {space_key: $space_key})
MERGE (session:Session {space_key: $space_key, id: $session_id})
ON CREATE SET session.agent_id = $agent_id, session.tenant_id = $tenant_id, session.source = $source, session.visible_to = $visible_to,
  session.created_at = $now
SET session.updated_at = $now, session.next_position = $next_position, session.last_seq = $last_seq
MERGE (agent:Agent {tenant_id: $tenant_id, id: $agent_id})
MERGE (session)-[:HELD_BY]->(agent)
WITH space, session
UNWIND $messages AS row
WITH space, session, row, row.properties AS own
CREATE (episode:Episode)-[:IN_SPACE]->(space)
SET episode = own {
  .*, valid_from: datetime(row.times.valid_from), valid_to: datetime(row.times.valid_to),
  recorded_at: datetime(row.times.recorded_at), retired_at: datetime(row.times.retired_at),
  created_at: datetime(row.times.created_at), updated_at: datetime(row.times.updated_at)
}
CREATE (episode)-[:PART_OF]->(session)
FOREACH (name IN row.properties.tags | MERGE (tag:Tag {space_key: $space_key, name: name}) MERGE (episode)-[:TAGGED]->(tag))
WITH episode, row
CALL (episode, row) {
  WITH episode, row WHERE row.embedding IS NOT NULL
  CALL db.create.setNodeVectorProperty(episode, 'embedding', row.embedding)
}
CALL (episode, row) {
  MATCH (previous:Episode {space_key: $space_key, session_id: $session_id, position: episode.position - 1})
  MERGE (previous)-[:NEXT]->(episode)
}
RETURN count(*) AS created;

// name: get_evidence
// What was said for each of these results: the message itself, or the messages a memory was made from.
UNWIND $ids AS id
CALL (id) {
  MATCH (episode:Episode {id: id}) RETURN episode
  UNION
  MATCH (:Memory {id: id})-[:EXTRACTED_FROM]->(episode:Episode) RETURN episode
}
WITH id, episode
WHERE episode.space_key IN $space_keys AND episode.visible_to IN $visible AND episode.state <> 'deleted'
RETURN {
  id: id, message_id: episode.id, session_id: episode.session_id, role: episode.role,
  speaker: episode.speaker, said_at: episode.valid_from, content: episode.content
} AS evidence
ORDER BY episode.valid_from, episode.position;

// name: list_facts
// The memories that were made from messages.
UNWIND $ids AS id
MATCH (episode:Episode {id: id})
WHERE episode.space_key IN $space_keys AND episode.visible_to IN $visible
MATCH (episode)<-[:EXTRACTED_FROM]-(memory:Memory)
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND NOT memory.state IN ['deleted', 'retracted']
WITH DISTINCT id, memory
RETURN {id: id, memory_id: memory.id, content: memory.content, state: memory.state} AS fact
ORDER BY id, memory.created_at, memory.id;

// name: update_outdated
// Marks the messages of which every memory has a successor or is over, and takes the mark off the others: a message must not answer
// with what is no longer so.  To be run whenever memories change their state.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})-[:EXTRACTED_FROM]->(episode:Episode)
WHERE memory.space_key IN $space_keys
WITH DISTINCT episode
SET episode.outdated = CASE
  WHEN EXISTS { (episode)<-[:EXTRACTED_FROM]-(other:Memory) WHERE NOT other.state IN ['superseded', 'merged', 'expired', 'retracted', 'deleted'] } THEN null
  WHEN EXISTS { (episode)<-[:EXTRACTED_FROM]-(other:Memory) WHERE other.state IN ['superseded', 'merged', 'expired'] } THEN true
END;

// name: delete_all_messages
// Erases a batch of the messages of a space, with their pieces, and the sessions that are empty then.
MATCH (episode:Episode)
WHERE episode.space_key = $space_key AND episode.visible_to IN $visible
WITH episode LIMIT $batch
OPTIONAL MATCH (episode)-[:PART_OF]->(session:Session)
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(episode)
DETACH DELETE chunk
WITH DISTINCT episode, session
WITH episode, session, CASE WHEN episode.state = 'deleted' THEN 0 ELSE 1 END AS kept, coalesce(episode.text_bytes, 0) AS text_bytes
DETACH DELETE episode
WITH session, count(*) AS deleted, sum(kept) AS kept, sum(kept * text_bytes) AS text_bytes
CALL (session) {
  WITH session WHERE session IS NOT NULL AND NOT EXISTS { (session)<-[:PART_OF]-(:Episode) }
  DETACH DELETE session
}
RETURN {count: sum(deleted), kept: sum(kept), text_bytes: sum(text_bytes)} AS erased;
