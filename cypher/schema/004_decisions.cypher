// Where a new fact finds the memories with the same text.

CREATE INDEX memory_by_text IF NOT EXISTS FOR (memory:Memory) ON (memory.space_key, memory.text_hash);
