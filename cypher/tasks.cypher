// Background work of the caller's tenant.
//
// Tasks of one session or memory share a lane and are done in order: of a lane one task is `ready`, `waiting` for a retry or
// `running`, and the rest is `behind`.  Who puts a task into a lane or takes one out locks the space first.  A task that is
// over has no phase.

// name: create_task
// Queues a task, in the transaction of what it works on: ready, or behind what its lane holds already.
OPTIONAL MATCH (state:SpaceState {space_key: $space_key})
SET state.locked = true
WITH count(state) AS locked, $properties AS own
CREATE (task:Task)
SET task = own {.*, created_at: datetime($created_at), due_at: datetime($created_at)}
SET task.phase = CASE
  WHEN task.status <> 'queued' THEN null
  WHEN EXISTS {
    MATCH (other:Task) WHERE other.lane = task.lane AND other.phase IS NOT NULL AND other.created_at IS NOT NULL
  } THEN 'behind'
  ELSE 'ready'
END
RETURN task.id AS id;

// name: get_task
// A task of the caller's tenant.
MATCH (task:Task {id: $id})
WHERE task.tenant_id = $tenant_id AND task.space_key IN $space_keys
RETURN task {.*} AS task;

// name: list_tasks
// The tenant's tasks, newest first, from a cursor on.  The order begins as the index does, so that only a page is read.
MATCH (task:Task) USING INDEX SEEK task:Task(tenant_id, created_at)
WHERE task.tenant_id = $tenant_id AND task.created_at <= $before
  AND CASE WHEN task.created_at = $before THEN task.id < $before_id ELSE true END
  AND task.space_key IN $space_keys AND ($status = '' OR task.status = $status) AND ($kind = '' OR task.kind = $kind)
  AND ($session_id = '' OR task.session_id = $session_id) AND ($memory_id = '' OR task.memory_id = $memory_id)
WITH task ORDER BY task.tenant_id DESC, task.created_at DESC, task.id DESC LIMIT $limit
RETURN task {.*} AS task
ORDER BY task.created_at DESC, task.id DESC;

// name: lock_lanes
// Locks a space whose tasks change places.  Nothing in it changes, so its revision stays.
MATCH (state:SpaceState {space_key: $space_key})
SET state.locked = true
RETURN state.rev AS rev;

// name: get_waiting_task
// A task of a lane that no worker has begun: who wants the same again need not queue it twice.
MATCH (task:Task)
WHERE task.lane = $lane AND task.phase IN ['ready', 'behind', 'waiting'] AND task.created_at IS NOT NULL
  AND task.tenant_id = $tenant_id
RETURN task {.*} AS task ORDER BY task.created_at LIMIT 1;

// name: open_lane
// Makes the first task of a lane ready when none of it is ready, waiting for a retry or running.
MATCH (next:Task)
WHERE next.lane = $lane AND next.phase = 'behind' AND next.created_at IS NOT NULL
WITH next ORDER BY next.lane, next.phase, next.created_at, next.id LIMIT 1
WHERE NOT EXISTS {
  MATCH (head:Task)
  WHERE head.lane = $lane AND head.phase IN ['ready', 'waiting', 'running'] AND head.created_at IS NOT NULL
}
SET next.phase = 'ready'
RETURN next.id AS id;

// name: retry_task
// Queues a task of the caller's tenant again, behind in its lane; so is what no worker has begun there, until the first of
// them is chosen.
MATCH (task:Task {id: $id})
WHERE task.tenant_id = $tenant_id AND task.space_key IN $space_keys
SET task.status = 'queued', task.phase = 'behind', task.attempts = 0, task.errors = [], task.done_count = 0,
    task.due_at = $now, task.started_at = null, task.finished_at = null, task.cancel_asked_at = null
WITH task
CALL (task) {
  MATCH (head:Task)
  WHERE head.lane = task.lane AND head.phase IN ['ready', 'waiting'] AND head.created_at IS NOT NULL
  SET head.lock = $id
  WITH head.id AS id
  MATCH (idle:Task {id: id})
  SET idle.lock = null
  WITH idle WHERE idle.phase IN ['ready', 'waiting']
  SET idle.phase = 'behind'
}
RETURN task {.*} AS task;

// name: cancel_task
// Ends a queued task of the caller's tenant, and asks the worker of a running one to stop.
MATCH (task:Task {id: $id})
WHERE task.tenant_id = $tenant_id AND task.space_key IN $space_keys
SET task.lock = $id
WITH task.id AS id
MATCH (found:Task {id: id})
SET found.cancel_asked_at = CASE WHEN found.status = 'running' THEN coalesce(found.cancel_asked_at, $now) END,
    found.finished_at = CASE WHEN found.status = 'queued' THEN $now END,
    found.phase = CASE WHEN found.status = 'running' THEN found.phase END,
    found.status = CASE WHEN found.status = 'running' THEN 'running' ELSE 'cancelled' END,
    found.lock = null
RETURN found {.*} AS task;

// name: hold_task
// Locks a task that its worker still holds, so that nobody takes it over or cancels it before the transaction ends.
MATCH (task:Task {id: $id})
SET task.lock = $worker
WITH task.id AS id
MATCH (held:Task {id: id, worker: $worker, phase: 'running'})
SET held.lock = null
RETURN {is_cancelled: held.cancel_asked_at IS NOT NULL} AS hold;

// name: get_by_idempotency_key
// The task that a request with this key queued earlier.
MATCH (task:Task {idempotency_key: $idempotency_key})
WHERE task.tenant_id = $tenant_id
RETURN task {.*} AS task;

// name: list_unembedded
// What still waits for the vector that this task makes: memories, messages, pieces of long ones; with the speaker or the
// headings that belong to what it says.
CALL () {
  MATCH (node:Memory {embed_task: $task_id}) RETURN node
  UNION ALL
  MATCH (node:Episode {embed_task: $task_id}) RETURN node
  UNION ALL
  MATCH (node:Chunk {embed_task: $task_id}) RETURN node
}
WITH node WHERE node.space_key = $space_key
RETURN node {
  .id, .content,
  speaker: coalesce(
    node.heading_path, node.speaker,
    head([(node)-[:PART_OF]->(whole:Memory|Episode) | coalesce(whole.heading_path, whole.speaker)])
  )
} AS waiting
LIMIT $limit;

// name: add_embeddings
// Gives waiting nodes their vectors and takes them off the waiting list.  What got another text meanwhile waits no more.
UNWIND $rows AS row
MATCH (node:Memory|Episode|Chunk {id: row.id})
WITH node, row WHERE node.space_key = $space_key AND node.embed_task = $task_id
CALL db.create.setNodeVectorProperty(node, 'embedding', row.embedding)
SET node.embed_task = null;
