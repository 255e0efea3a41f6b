// What statistics count from indexes alone, or by reading what is counted instead of all memories: how often memories were
// answered, on which day they were made, and copies.

CREATE INDEX memory_by_use IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.state, memory.visible_to, memory.access_count);
CREATE INDEX memory_by_day IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.state, memory.visible_to, memory.memory_type, memory.created_at);
CREATE INDEX memory_by_origin IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.origin_id);
