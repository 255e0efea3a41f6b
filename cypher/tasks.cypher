// Background work of the caller's tenant.

// name: create_task
// Queues a task, in the transaction of what it works on.
CREATE (task:Task)
SET task = $properties
RETURN task.id AS id;

// name: get_task
// A task of the caller's tenant.
MATCH (task:Task {id: $id})
WHERE task.tenant_id = $tenant_id AND task.space_key IN $space_keys
RETURN task {.*} AS task;

// name: list_tasks
// The tenant's tasks, newest first, from a cursor on.
MATCH (task:Task {tenant_id: $tenant_id})
WHERE task.created_at <= $before AND NOT (task.created_at = $before AND task.id >= $before_id)
  AND task.space_key IN $space_keys AND ($status = '' OR task.status = $status)
RETURN task {.*} AS task
ORDER BY task.created_at DESC, task.id DESC
LIMIT $limit;

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
