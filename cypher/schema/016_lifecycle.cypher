// Where the memories are found whose tier or state may change by now, in one space and in all; what is known of reads and
// of periodic work.

CREATE INDEX memory_by_review IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.review_at);
CREATE INDEX memory_due IF NOT EXISTS FOR (memory:Memory) ON (memory.review_at);
CREATE INDEX recall_event_by_space IF NOT EXISTS FOR (event:RecallEvent) ON (event.space_key);
CREATE INDEX recall_event_by_time IF NOT EXISTS FOR (event:RecallEvent) ON (event.at);
CREATE INDEX task_by_end IF NOT EXISTS FOR (task:Task) ON (task.finished_at);
CREATE CONSTRAINT job_name_is_unique IF NOT EXISTS FOR (job:Job) REQUIRE job.name IS UNIQUE;

// Memories from before there were reviews are looked at once, and then when their turn comes.
MATCH (memory:Memory)
WHERE memory.state IN ['active', 'held'] AND memory.review_at IS NULL
CALL (memory) { SET memory.review_at = memory.updated_at } IN TRANSACTIONS OF 10000 ROWS;
