// Where a profile finds the most important memories of a category, and those of the last days.

CREATE INDEX memory_by_importance IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.visible_to, memory.state, memory.category, memory.importance, memory.created_at);
CREATE INDEX memory_by_time IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.visible_to, memory.state, memory.category, memory.valid_from);
