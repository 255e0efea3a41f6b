// Where the memory that was derived from a group is found.

CREATE INDEX memory_by_derivation IF NOT EXISTS FOR (memory:Memory) ON (memory.derived_key);
