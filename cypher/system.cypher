// Queries without a principal: who a key belongs to, sign-up, leases, schema, health, re-embedding.  Only the few
// modules that house-rules rule 7 names may call them.

// name: get_principal
// Who a key belongs to: tenant, scopes, spaces with roles, agent groups; nothing for an unknown, revoked or expired key.
// The hint: while there are few tenants the planner would begin with all of them.
MATCH (key:ApiKey {hash: $hash}) USING INDEX SEEK key:ApiKey(hash)
WHERE key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > $now)
MATCH (tenant:Tenant {id: key.tenant_id, status: 'active'})
RETURN {
  tenant_id: tenant.id, key_id: key.id, scopes: key.scopes, bound_agent: key.agent_id,
  key_hashes: COLLECT { MATCH (own:ApiKey {tenant_id: tenant.id}) RETURN own.hash },
  spaces: COLLECT {
    MATCH (tenant)-[member:MEMBER_OF]->(space:Space)
    RETURN space {.id, .space_key, .kind, role: member.role, settings: {
      admission: coalesce(space.admission, 'balanced'), secrets: coalesce(space.secrets, 'mark'),
      llm_tokens_a_day: coalesce(space.llm_tokens_a_day, 0)
    }}
  },
  groups: COLLECT { MATCH (tenant)-[:HAS_GROUP]->(group:AgentGroup) RETURN group {.name, .agents} }
} AS principal;

// name: create_tenant
// Signs up a tenant: its first key, its personal space and the membership, in one statement.
CREATE (tenant:Tenant {id: $tenant_id, name: $name, status: 'active', created_at: $now})
CREATE (:ApiKey {
  id: $key_id, tenant_id: $tenant_id, hash: $hash, prefix: $prefix, scopes: $scopes, agent_id: '', created_at: $now
})
CREATE (space:Space {
  id: 'personal/' + $tenant_id, space_key: $space_key, kind: 'personal', name: $name,
  owner_id: $tenant_id, created_at: $now, updated_at: $now
})
CREATE (:SpaceState {space_key: $space_key, rev: 0})
CREATE (tenant)-[:MEMBER_OF {role: 'admin', joined_at: $now}]->(space)
RETURN tenant.id AS id;

// name: touch_keys
// Records when keys were last used, in batches.
UNWIND $uses AS use
MATCH (key:ApiKey {id: use.key_id})
SET key.last_used_at = use.at;

// name: wake_tasks
// Makes ready what waited for its time: retries that are due, and tasks whose worker stopped renewing its lease.  The locks
// come first.  Then each task is read again, under another name so that no value read before the lock is used: its worker
// may have renewed the lease.
CALL () {
  MATCH (task:Task) USING INDEX SEEK task:Task(phase, due_at)
  WHERE task.phase = 'waiting' AND task.due_at <= $now
  RETURN task ORDER BY task.due_at LIMIT $limit
  UNION ALL
  MATCH (task:Task) USING INDEX SEEK task:Task(phase, due_at)
  WHERE task.phase = 'running' AND task.due_at <= $now
  RETURN task ORDER BY task.due_at LIMIT $limit
}
SET task.lock = 'wake'
WITH task.id AS id
MATCH (woken:Task {id: id})
SET woken.lock = null
WITH woken WHERE woken.phase IN ['waiting', 'running'] AND woken.due_at <= $now
SET woken.phase = 'ready', woken.status = 'queued', woken.worker = null;

// name: claim_task
// Leases the longest ready task of the tenant that comes after the one served last, or of the first one after the last of all.
// Of a task that another worker took first, only the tenant is returned.
CALL () {
  MATCH (task:Task) USING INDEX SEEK task:Task(phase, tenant_id, due_at)
  WHERE task.phase = 'ready' AND task.tenant_id > $after AND task.due_at <= $now
  RETURN task, 1 AS turn ORDER BY task.phase, task.tenant_id, task.due_at LIMIT 1
  UNION ALL
  MATCH (task:Task) USING INDEX SEEK task:Task(phase, tenant_id, due_at)
  WHERE task.phase = 'ready' AND task.tenant_id <= $after AND task.due_at <= $now
  RETURN task, 2 AS turn ORDER BY task.phase, task.tenant_id, task.due_at LIMIT 1
}
WITH task ORDER BY turn LIMIT 1
SET task.lock = $worker
WITH task.id AS id, task.tenant_id AS tenant_id
OPTIONAL MATCH (claimed:Task {id: id, phase: 'ready'})
SET claimed.phase = 'running', claimed.status = 'running', claimed.attempts = claimed.attempts + 1, claimed.worker = $worker,
    claimed.due_at = $lease_until, claimed.started_at = coalesce(claimed.started_at, $now), claimed.lock = null
RETURN {tenant_id: tenant_id, task: claimed {.*}} AS claim;

// name: count_open_tasks
// How many tasks have not ended, by kind and phase, and when the oldest of each was made.
MATCH (task:Task) USING INDEX SEEK task:Task(phase, due_at)
WHERE task.phase IN ['ready', 'behind', 'waiting', 'running'] AND task.due_at IS NOT NULL
WITH task.kind AS kind, task.phase AS phase, count(*) AS total, min(task.created_at) AS oldest
RETURN {kind: kind, phase: phase, count: total, oldest: oldest} AS tasks;

// name: renew_task
// Prolongs the lease of a task that this worker still holds; no row when it holds it no more.
MATCH (task:Task {id: $task_id})
SET task.lock = $worker
WITH task.id AS id
MATCH (held:Task {id: id, worker: $worker, phase: 'running'})
SET held.due_at = $lease_until, held.lock = null
RETURN {is_cancelled: held.cancel_asked_at IS NOT NULL} AS hold;

// name: report_task
// Records how far a task is that this worker still holds, and prolongs the lease; no row when it holds it no more.
MATCH (task:Task {id: $task_id})
SET task.lock = $worker
WITH task.id AS id
MATCH (held:Task {id: id, worker: $worker, phase: 'running'})
SET held.due_at = $lease_until, held.done_count = $done_count, held.total_count = $total_count, held.counts = $counts,
    held.tokens = $tokens, held.errors = $errors, held.lock = null
RETURN {is_cancelled: held.cancel_asked_at IS NOT NULL} AS hold;

// name: finish_task
// Ends a task that this worker still holds.
MATCH (task:Task {id: $task_id})
SET task.lock = $worker
WITH task.id AS id
MATCH (held:Task {id: id, worker: $worker, phase: 'running'})
SET held.status = $status, held.finished_at = $now, held.done_count = $done_count, held.total_count = $total_count,
    held.counts = $counts, held.tokens = $tokens, held.errors = $errors, held.phase = null, held.worker = null, held.lock = null
RETURN held.id AS id;

// name: postpone_task
// Gives a task back after a failed attempt: queued again for a later time, or failed when it was tried often enough.
MATCH (task:Task {id: $task_id})
SET task.lock = $worker
WITH task.id AS id
MATCH (held:Task {id: id, worker: $worker, phase: 'running'})
SET held.status = $status, held.due_at = $due_at, held.errors = (held.errors + $error)[-20..], held.worker = null,
    held.lock = null, held.phase = CASE WHEN $status = 'failed' THEN null ELSE 'waiting' END,
    held.finished_at = CASE WHEN $status = 'failed' THEN $now END
RETURN held.id AS id;

// name: release_task
// Gives a task back that its worker had no time to end; the attempt does not count.
MATCH (task:Task {id: $task_id})
SET task.lock = $worker
WITH task.id AS id
MATCH (held:Task {id: id, worker: $worker, phase: 'running'})
SET held.status = 'queued', held.phase = 'ready', held.due_at = held.created_at, held.attempts = held.attempts - 1,
    held.worker = null, held.lock = null
RETURN held.id AS id;

// name: get_task_principal
// The principal a task runs for: its tenant with all its spaces.  An account that is being erased has one task left.
MATCH (tenant:Tenant {id: $tenant_id})
WHERE tenant.status = 'active' OR $kind = 'erase'
RETURN {
  tenant_id: tenant.id, key_id: '', scopes: ['read', 'write'], key_hashes: [],
  spaces: COLLECT {
    MATCH (tenant)-[member:MEMBER_OF]->(space:Space)
    RETURN space {.id, .space_key, .kind, role: member.role, settings: {
      admission: coalesce(space.admission, 'balanced'), secrets: coalesce(space.secrets, 'mark'),
      llm_tokens_a_day: coalesce(space.llm_tokens_a_day, 0)
    }}
  },
  groups: COLLECT { MATCH (tenant)-[:HAS_GROUP]->(group:AgentGroup) RETURN group {.name, .agents} }
} AS principal;

// name: get_connection
// A connection by the hash of the token in its webhook's address, with the tenant that it stores for and all its spaces.
MATCH (connection:Connection {token_hash: $token_hash}) USING INDEX SEEK connection:Connection(token_hash)
MATCH (tenant:Tenant {id: connection.tenant_id, status: 'active'}) USING INDEX SEEK tenant:Tenant(id)
RETURN {
  connection: connection {.*},
  principal: {
    tenant_id: tenant.id, key_id: '', scopes: ['read', 'write'], key_hashes: [],
    spaces: COLLECT {
      MATCH (tenant)-[member:MEMBER_OF]->(space:Space)
      RETURN space {.id, .space_key, .kind, role: member.role, settings: {
        admission: coalesce(space.admission, 'balanced'), secrets: coalesce(space.secrets, 'mark'),
        llm_tokens_a_day: coalesce(space.llm_tokens_a_day, 0)
      }}
    },
    groups: COLLECT { MATCH (tenant)-[:HAS_GROUP]->(group:AgentGroup) RETURN group {.name, .agents} }
  }
} AS registered;

// name: get_server_version
// The version of the Neo4j server.
CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel'
RETURN versions[0] AS version;

// name: list_schema_versions
// The numbers of the schema files that were applied to this database.
MATCH (version:SchemaVersion) WHERE version.number > 0
RETURN version.number AS number;

// name: create_schema_version
// Records that a schema file was applied.
MERGE (version:SchemaVersion {number: $number})
ON CREATE SET version.file = $file, version.applied_at = $now
RETURN version.number AS number;

// name: list_indexes
// All indexes of the database as it has them; constraints own one each.
SHOW INDEXES YIELD name, type, state, options
RETURN {name: name, type: type, state: state, dimension: options.indexConfig['vector.dimensions']} AS index;

// name: await_indexes
// Waits until all indexes are built.
CALL db.awaitIndexes($seconds);

// name: ping
// Whether the database answers.
RETURN 1 AS one;

// name: get_busy_space
// The space that was written to most often, among some: reading it once brings into memory what searches read.
MATCH (state:SpaceState) WHERE state.space_key > ''
WITH state LIMIT 1000
WITH state ORDER BY state.rev DESC LIMIT 1
MATCH (space:Space {space_key: state.space_key})
RETURN space {.id, .space_key, .kind, role: 'reader'} AS space;

// name: get_embedding_model
// The model whose vectors are in the graph, and how far a change of model got.
MATCH (model:EmbeddingModel {key: 'current'})
RETURN model {.name, .dimension, .next_name, .next_dimension, .cursor} AS model;

// name: create_embedding_model
// Records the first model; an existing record stays as it is.
MERGE (model:EmbeddingModel {key: 'current'})
ON CREATE SET model.name = $name, model.dimension = $dimension
RETURN model {.name, .dimension, .next_name, .next_dimension, .cursor} AS model;

// name: begin_reembedding
// Records that vectors of another model are being made; a change to the same model that was interrupted goes on.
MATCH (model:EmbeddingModel {key: 'current'})
SET model.cursor = CASE WHEN model.next_name = $name AND model.next_dimension = $dimension THEN coalesce(model.cursor, '') ELSE '' END,
    model.next_name = $name, model.next_dimension = $dimension
RETURN model {.name, .dimension, .next_name, .next_dimension, .cursor} AS model;

// name: end_reembedding
// Makes the new model the current one.
MATCH (model:EmbeddingModel {key: 'current'})
SET model.name = model.next_name, model.dimension = model.next_dimension, model.next_name = null, model.next_dimension = null, model.cursor = null
RETURN model {.name, .dimension} AS model;

// name: get_tenant_principal
// A tenant by its id with all its spaces and every scope: for the command line, which whoever runs the server may use.
MATCH (tenant:Tenant {id: $tenant_id, status: 'active'})
RETURN {
  tenant_id: tenant.id, key_id: '', scopes: ['read', 'write', 'admin'], key_hashes: [],
  spaces: COLLECT {
    MATCH (tenant)-[member:MEMBER_OF]->(space:Space)
    RETURN space {.id, .space_key, .kind, role: member.role, settings: {
      admission: coalesce(space.admission, 'balanced'), secrets: coalesce(space.secrets, 'mark'),
      llm_tokens_a_day: coalesce(space.llm_tokens_a_day, 0)
    }}
  },
  groups: COLLECT { MATCH (tenant)-[:HAS_GROUP]->(group:AgentGroup) RETURN group {.name, .agents} }
} AS principal;

// name: delete_tenant
// Removes a tenant with its keys, its tasks, its personal space and the memories and messages there.
MATCH (tenant:Tenant {id: $tenant_id})
CALL (tenant) {
  MATCH (space:Space {id: 'personal/' + tenant.id})
  CALL (space) { MATCH (memory:Memory {space_key: space.space_key}) DETACH DELETE memory }
  CALL (space) { MATCH (episode:Episode {space_key: space.space_key}) DETACH DELETE episode }
  CALL (space) { MATCH (chunk:Chunk {space_key: space.space_key}) DETACH DELETE chunk }
  CALL (space) { MATCH (decision:Decision {space_key: space.space_key}) WHERE decision.created_at IS NOT NULL DETACH DELETE decision }
  CALL (space) { MATCH (entity:Entity {space_key: space.space_key}) DETACH DELETE entity }
  CALL (space) { MATCH (slot:Slot {space_key: space.space_key}) DETACH DELETE slot }
  CALL (space) { MATCH (event:RecallEvent {space_key: space.space_key}) DETACH DELETE event }
  CALL (space) { MATCH (object:ExternalObject {space_key: space.space_key}) WHERE object.repo >= '' AND object.thread >= '' DETACH DELETE object }
  CALL (space) { MATCH (state:SpaceState {space_key: space.space_key}) DELETE state }
  CALL (space) { MATCH (counter:TokenUse {space_key: space.space_key}) WHERE counter.day > '' DELETE counter }
  DETACH DELETE space
}
CALL (tenant) {
  MATCH (connection:Connection {tenant_id: tenant.id}) WHERE connection.created_at IS NOT NULL
  CALL (connection) { MATCH (delivery:Delivery {connection_id: connection.id}) WHERE delivery.received_at IS NOT NULL DELETE delivery }
  DELETE connection
}
CALL (tenant) { MATCH (task:Task {tenant_id: tenant.id}) WHERE task.created_at IS NOT NULL DETACH DELETE task }
CALL (tenant) { MATCH (key:ApiKey {tenant_id: tenant.id}) DETACH DELETE key }
CALL (tenant) { MATCH (quota:Quota {tenant_id: tenant.id}) DELETE quota }
CALL (tenant) { MATCH (counter:TokenUse {space_key: tenant.id}) WHERE counter.day > '' DELETE counter }
DETACH DELETE tenant;

// name: drop_vector_index
// Removes the vector index; the schema makes it anew for vectors of another length.
DROP INDEX memory_embedding IF EXISTS;

// name: list_embeddable
// A page of memories, messages and pieces of long ones from an id on, in the order of their ids, with what is embedded of
// them; a piece is embedded with the speaker of the whole.
CALL () {
  MATCH (node:Memory) WHERE node.id > $after RETURN node ORDER BY node.id LIMIT $limit
  UNION ALL
  MATCH (node:Episode) WHERE node.id > $after RETURN node ORDER BY node.id LIMIT $limit
  UNION ALL
  MATCH (node:Chunk) WHERE node.id > $after RETURN node ORDER BY node.id LIMIT $limit
}
WITH node ORDER BY node.id LIMIT $limit
RETURN node {
  .id, .content,
  speaker: coalesce(
    node.heading_path, node.speaker,
    head([(node)-[:PART_OF]->(whole:Memory|Episode) | coalesce(whole.heading_path, whole.speaker)]), ''
  ),
  has_embedding: node.embedding IS NOT NULL
} AS embeddable
ORDER BY node.id;

// name: count_embeddable
// How many memories, messages and pieces come after an id.
CALL () {
  MATCH (node:Memory) WHERE node.id > $after RETURN count(*) AS part
  UNION ALL
  MATCH (node:Episode) WHERE node.id > $after RETURN count(*) AS part
  UNION ALL
  MATCH (node:Chunk) WHERE node.id > $after RETURN count(*) AS part
}
RETURN sum(part) AS total;

// name: update_embeddings
// Replaces vectors by those of the new model and moves the cursor of the change, in one step.
MATCH (model:EmbeddingModel {key: 'current', next_name: $name})
SET model.cursor = $cursor
WITH model
UNWIND $rows AS row
MATCH (node:Memory|Episode|Chunk {id: row.id})
CALL db.create.setNodeVectorProperty(node, 'embedding', row.embedding);

// name: count_waiting
// How many memories, messages and pieces still wait for their vector.
CALL () {
  MATCH (node:Memory) WHERE node.embed_task >= '' RETURN count(*) AS part
  UNION ALL
  MATCH (node:Episode) WHERE node.embed_task >= '' RETURN count(*) AS part
  UNION ALL
  MATCH (node:Chunk) WHERE node.embed_task >= '' RETURN count(*) AS part
}
RETURN sum(part) AS waiting;

// name: check_vectors
// A page of nodes from an id on: where it ends, and how many of its vectors no search can find, since they have another
// length than the index or no direction.
CALL () {
  MATCH (node:Memory) WHERE node.id > $after RETURN node ORDER BY node.id LIMIT $limit
  UNION ALL
  MATCH (node:Episode) WHERE node.id > $after RETURN node ORDER BY node.id LIMIT $limit
  UNION ALL
  MATCH (node:Chunk) WHERE node.id > $after RETURN node ORDER BY node.id LIMIT $limit
}
WITH node ORDER BY node.id LIMIT $limit
WITH node.id AS id, node.embedding AS embedding
WITH id, embedding IS NOT NULL AND (size(embedding) <> $dimension OR all(value IN embedding WHERE value = 0)) AS is_lost
RETURN {last: max(id), lost: count(CASE WHEN is_lost THEN 1 END)} AS page;

// name: count_unindexed
// Of a sample of nodes from an id on, how many the vector index does not return for their own vector.  A node among many
// with the very same vector counts as returned.
CYPHER 25
MATCH (node:Memory|Episode) WHERE node.id > $after AND size(node.embedding) = $dimension
WITH node LIMIT $sample
CALL (node) {
  WITH node, node.embedding AS embedding, node.space_key AS space_key
  MATCH (hit:Memory|Episode|Chunk)
  SEARCH hit IN (VECTOR INDEX memory_embedding FOR embedding WHERE hit.space_key = space_key LIMIT $nearest) SCORE AS score
  RETURN collect(hit.id) AS ids, min(score) AS least
}
RETURN count(CASE WHEN NOT node.id IN ids AND NOT least > 0.9999 THEN 1 END) AS missing;
