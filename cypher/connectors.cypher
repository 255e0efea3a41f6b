// Connections to repositories, the things that these have, and the versions in which each became known.

// name: create_connection
// A connection of the caller's tenant; that of the same repository and space gets a new address and secret instead.
MERGE (connection:Connection {tenant_id: $tenant_id, space_key: $space_key, repo: $properties.repo})
ON CREATE SET connection += $properties
ON MATCH SET connection.token_hash = $properties.token_hash, connection.secret_key = $properties.secret_key,
  connection.agent_id = $properties.agent_id
RETURN connection {.*} AS connection;

// name: get_connection_of_repository
// The connection of the caller's tenant to a repository in a space.
MATCH (connection:Connection {tenant_id: $tenant_id, space_key: $space_key, repo: $repo})
RETURN connection {.*} AS connection;

// name: update_webhook
// Notes by which number GitHub knows the webhook of a connection.
MATCH (connection:Connection {id: $id})
WHERE connection.tenant_id = $tenant_id
SET connection.webhook_id = $webhook_id
RETURN connection.id AS id;

// name: list_connections
// The connections of the caller's tenant in the spaces that he may read, newest first.
MATCH (connection:Connection {tenant_id: $tenant_id})
WHERE connection.created_at IS NOT NULL AND connection.space_key IN $space_keys
RETURN connection {.*} AS connection
ORDER BY connection.created_at DESC, connection.id DESC;

// name: delete_connection
// Removes a connection of the caller's tenant with what is known of the calls of its webhook; what it brought stays.
MATCH (connection:Connection {id: $id})
WHERE connection.tenant_id = $tenant_id AND connection.space_key IN $space_keys
WITH connection, connection.id AS id
CALL (connection) {
  MATCH (delivery:Delivery {connection_id: connection.id})
  WHERE delivery.received_at IS NOT NULL
  DELETE delivery
}
DELETE connection
RETURN id;

// name: create_delivery
// Notes a call of a webhook, and forgets those that GitHub cannot repeat any more; no row when the call is known.
MATCH (connection:Connection {id: $connection_id})
WHERE connection.space_key = $space_key AND NOT EXISTS { (:Delivery {key: $key}) }
CREATE (delivery:Delivery {key: $key, connection_id: $connection_id, received_at: $now})
SET connection.delivery_count = connection.delivery_count + 1, connection.last_delivery_at = $now
WITH delivery
CALL () {
  MATCH (old:Delivery {connection_id: $connection_id})
  WHERE old.received_at < $forget_before
  WITH old LIMIT 1000
  DELETE old
}
RETURN delivery.key AS key;

// name: list_things
// What is known of things by their keys; nothing of one whose versions were all erased.  The hints here: in a small graph
// the planner would read all things.
UNWIND $keys AS key
MATCH (object:ExternalObject {key: key}) USING INDEX SEEK object:ExternalObject(key)
WHERE object.space_key = $space_key AND EXISTS { (object)<-[:VERSION_OF]-(:Episode) }
RETURN object {.key, .version, .text_hash, .updated_at, .is_deleted} AS thing;

// name: list_thread
// The keys of what was said on issues and pull requests of a repository and is not deleted yet.
UNWIND $threads AS thread
MATCH (object:ExternalObject {space_key: $space_key, repo: $repo, thread: thread}) USING INDEX SEEK object:ExternalObject(space_key, repo, thread)
WHERE NOT object.is_deleted
RETURN object {.key, .kind, .external_id, .thread} AS thing;

// name: update_things
// Records the newest versions of things and the task that works on them.
UNWIND $rows AS row
MERGE (object:ExternalObject {key: row.key})
SET object += row, object.space_key = $space_key, object.task_id = $task_id;

// name: end_versions
// Ends the versions of things that another one follows, or that are gone: search finds them no more.
UNWIND $rows AS row
MATCH (object:ExternalObject {key: row.key})<-[:VERSION_OF]-(episode:Episode) USING INDEX SEEK object:ExternalObject(key)
WHERE object.space_key = $space_key AND episode.state = 'active'
SET episode.state = row.state, episode.valid_to = row.at, episode.retired_at = row.retired_at, episode.updated_at = $now,
    episode.rev = episode.rev + 1, episode.ingest_task = null
WITH episode
OPTIONAL MATCH (chunk:Chunk)-[:PART_OF]->(episode)
SET chunk.state = episode.state, chunk.valid_to = episode.valid_to, chunk.retired_at = episode.retired_at
WITH DISTINCT episode
RETURN {
  id: episode.id, space_key: episode.space_key, visible_to: episode.visible_to, detail: episode.state,
  text_bytes: coalesce(episode.text_bytes, 0)
} AS touched;

// name: add_versions
// Makes messages the versions of their things.
UNWIND $rows AS row
MATCH (object:ExternalObject {key: row.key}) USING INDEX SEEK object:ExternalObject(key)
MATCH (episode:Episode {id: row.episode_id}) USING INDEX SEEK episode:Episode(id)
WHERE object.space_key = $space_key AND episode.space_key = $space_key
CREATE (episode)-[:VERSION_OF {number: row.number, at: row.at}]->(object);

// name: list_unsaid
// The decisions behind memories that only ended versions of the things of a task state: nobody says them any more.  What is
// pinned or supported by others stays.
MATCH (object:ExternalObject {task_id: $task_id})<-[:VERSION_OF]-(episode:Episode)<-[:EXTRACTED_FROM]-(memory:Memory)
WHERE object.space_key = $space_key AND episode.state IN ['superseded', 'deleted'] AND memory.space_key = $space_key
  AND memory.state IN ['active', 'held', 'evidence'] AND memory.memory_type <> 'pinned'
  AND NOT EXISTS { (memory)-[:EXTRACTED_FROM]->(other:Episode) WHERE other.state = 'active' }
  AND NOT EXISTS { (memory)<-[:SUPPORTS]-(voice:Memory) WHERE voice.state IN ['active', 'evidence'] }
MATCH (memory)<-[:DECIDED {op: 'created'}]-(decision:Decision)
WHERE decision.undone_at IS NULL
RETURN DISTINCT decision.id AS id
ORDER BY id;
