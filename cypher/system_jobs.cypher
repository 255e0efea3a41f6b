// Periodic work, which runs for no principal: whose turn it is, and what is to be done in all spaces.

// name: list_jobs
// What is known of periodic work.
MATCH (job:Job) WHERE job.name IN $names
RETURN job {.name, .started_at, .finished_at, .next_at, .lease_until, error: coalesce(job.error, '')} AS job
ORDER BY job.name;

// name: claim_job
// Leases periodic work that is due and that no other worker does.  The lock comes first; then the job is read again, as
// another worker may have taken it.
MERGE (job:Job {name: $name})
ON CREATE SET job.next_at = $now
SET job.lock = $worker
WITH job.name AS name
MATCH (free:Job {name: name})
SET free.lock = null
WITH free WHERE free.next_at <= $now AND coalesce(free.lease_until, $now) <= $now
SET free.worker = $worker, free.lease_until = $lease_until, free.started_at = $now
RETURN free.next_at AS period;

// name: finish_job
// Records how periodic work ended, if the worker still had it, and when it is due again.
MATCH (job:Job {name: $name})
SET job.lock = $worker
WITH job.name AS name
MATCH (held:Job {name: name, worker: $worker})
SET held.lock = null, held.worker = null, held.lease_until = null, held.error = $error, held.next_at = $next_at,
    held.finished_at = $now
RETURN held.name AS name;

// name: list_due_spaces
// The spaces that have memories to be looked at by now, with their owners; the longest due memories decide.
MATCH (memory:Memory) USING INDEX memory:Memory(review_at)
WHERE memory.review_at <= $now
WITH memory ORDER BY memory.review_at LIMIT $limit
WITH DISTINCT memory.space_key AS space_key
MATCH (space:Space {space_key: space_key})
MATCH (tenant:Tenant {id: space.owner_id}) WHERE tenant.status = 'active'
RETURN {space_key: space.space_key, tenant_id: tenant.id} AS due
ORDER BY due.space_key;

// name: list_moved_spaces
// The spaces that somebody wrote to since their communities were made, with their owners.
MATCH (state:SpaceState)
WHERE state.space_key > '' AND state.rev > coalesce(state.communities_rev, 0)
WITH state LIMIT $limit
MATCH (space:Space {space_key: state.space_key})
MATCH (tenant:Tenant {id: space.owner_id}) WHERE tenant.status = 'active'
RETURN {space_key: space.space_key, tenant_id: tenant.id} AS due
ORDER BY due.space_key;

// name: list_unconsolidated_spaces
// The spaces that somebody wrote to since their memories were consolidated, with their owners.
MATCH (state:SpaceState)
WHERE state.space_key > '' AND state.rev > coalesce(state.consolidated_rev, 0)
WITH state LIMIT $limit
MATCH (space:Space {space_key: state.space_key})
MATCH (tenant:Tenant {id: space.owner_id}) WHERE tenant.status = 'active'
RETURN {space_key: space.space_key, tenant_id: tenant.id} AS due
ORDER BY due.space_key;

// name: list_lost_tasks
// The tasks that failed for good although vectors still wait for them, of those that are not too old.
CALL () {
  MATCH (node:Memory) WHERE node.embed_task >= '' RETURN node.embed_task AS id LIMIT $limit
  UNION
  MATCH (node:Episode) WHERE node.embed_task >= '' RETURN node.embed_task AS id LIMIT $limit
  UNION
  MATCH (node:Chunk) WHERE node.embed_task >= '' RETURN node.embed_task AS id LIMIT $limit
}
WITH DISTINCT id
MATCH (task:Task {id: id})
WHERE task.status = 'failed' AND task.created_at >= $since
RETURN task {.*} AS task
ORDER BY task.created_at;

// name: delete_old_tasks
// Takes away tasks that ended well long ago; those of imports stay with their imports.
MATCH (task:Task) USING INDEX task:Task(finished_at)
WHERE task.finished_at < $before AND task.status IN ['completed', 'partial', 'cancelled'] AND task.kind <> 'import'
WITH task LIMIT $limit
DETACH DELETE task
RETURN count(*) AS deleted;

// name: delete_old_recalls
// Takes away who read what on days long ago; what it said of each memory is counted there.
MATCH (event:RecallEvent) USING INDEX event:RecallEvent(at)
WHERE event.at < $before
WITH event LIMIT $limit
DETACH DELETE event
RETURN count(*) AS deleted;

// name: list_event_spaces
// The spaces of which changes are told, in the order of their keys, from one on.
MATCH (state:SpaceState)
WHERE state.space_key > $after AND state.event_count > coalesce(state.events_gone, 0)
RETURN state.space_key AS space_key ORDER BY state.space_key LIMIT $limit;

// name: delete_old_events
// Takes away the oldest events of a space up to the last one that is too old, under the lock of the space, and keeps up to
// where they are gone, so that whoever stands before that is told so.
MATCH (state:SpaceState {space_key: $space_key})
SET state.locked = true
WITH state, coalesce(state.events_gone, 0) AS gone
MATCH (event:Event)
WHERE event.space_key = state.space_key AND event.seq > gone AND event.seq <= gone + $limit
WITH state, collect(event) AS oldest
WITH state, oldest, reduce(last = 0, event IN oldest | CASE WHEN event.at < $before AND event.seq > last THEN event.seq ELSE last END) AS last
WHERE last > 0
SET state.events_gone = last
WITH last, oldest
UNWIND oldest AS event
WITH event WHERE event.seq <= last
DELETE event
RETURN count(*) AS deleted;
