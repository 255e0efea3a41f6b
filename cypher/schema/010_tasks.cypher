// The queue of tasks: ready ones by tenant, what waits for its time, and the lanes in which tasks are done in order.

CREATE INDEX task_by_phase IF NOT EXISTS FOR (task:Task) ON (task.phase, task.tenant_id, task.due_at);
CREATE INDEX task_by_due_time IF NOT EXISTS FOR (task:Task) ON (task.phase, task.due_at);
CREATE INDEX task_by_lane IF NOT EXISTS FOR (task:Task) ON (task.lane, task.phase, task.created_at);

// Tasks of graphs from before there were lanes.
DROP INDEX task_by_status IF EXISTS;

MATCH (task:Task)
WHERE task.status IN ['queued', 'running'] AND task.lane IS NULL
SET task.lane = CASE
  WHEN task.session_id <> '' THEN 'session ' + task.space_key + ' ' + task.session_id
  WHEN task.memory_id <> '' THEN 'memory ' + task.space_key + ' ' + task.memory_id
  ELSE 'task ' + task.id
END
WITH task ORDER BY task.status DESC, task.created_at, task.id
WITH task.lane AS lane, collect(task) AS tasks
UNWIND range(0, size(tasks) - 1) AS place
WITH tasks[place] AS task, place
SET task.phase = CASE WHEN task.status = 'running' THEN 'running' WHEN place = 0 THEN 'ready' ELSE 'behind' END;
