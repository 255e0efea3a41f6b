// Where the conflicts of a space start, and one by its id.

CREATE INDEX conflict_by_space IF NOT EXISTS FOR ()-[conflict:CONTRADICTS]-() ON (conflict.space_key, conflict.created_at);
CREATE INDEX conflict_by_id IF NOT EXISTS FOR ()-[conflict:CONTRADICTS]-() ON (conflict.id);
