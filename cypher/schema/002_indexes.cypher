// Range indexes: where lists, counts, sessions and background work start.  `embed_task` marks what still waits for its
// vector and names the task that will make it; it is removed with the vector's arrival.

CREATE INDEX memory_by_space IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key);
CREATE INDEX memory_by_creation IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.created_at);
CREATE INDEX memory_by_state IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.state, memory.visible_to);
CREATE INDEX memory_by_session IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.session_id);
CREATE INDEX memory_by_embed_task IF NOT EXISTS FOR (memory:Memory) ON (memory.embed_task);
CREATE INDEX episode_by_space IF NOT EXISTS FOR (episode:Episode) ON (episode.space_key);
CREATE INDEX episode_by_creation IF NOT EXISTS FOR (episode:Episode) ON (episode.space_key, episode.created_at);
CREATE INDEX episode_by_state IF NOT EXISTS FOR (episode:Episode) ON (episode.space_key, episode.state, episode.visible_to);
CREATE INDEX episode_by_session IF NOT EXISTS FOR (episode:Episode) ON (episode.space_key, episode.session_id, episode.position);
CREATE INDEX episode_by_embed_task IF NOT EXISTS FOR (episode:Episode) ON (episode.embed_task);
CREATE INDEX chunk_by_embed_task IF NOT EXISTS FOR (chunk:Chunk) ON (chunk.embed_task);
CREATE INDEX chunk_by_space IF NOT EXISTS FOR (chunk:Chunk) ON (chunk.space_key);
CREATE INDEX task_by_tenant IF NOT EXISTS FOR (task:Task) ON (task.tenant_id, task.created_at);
CREATE INDEX api_key_by_tenant IF NOT EXISTS FOR (key:ApiKey) ON (key.tenant_id);
