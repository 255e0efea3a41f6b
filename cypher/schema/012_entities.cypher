// The entities that a task made, which are compared with those that were there before.

CREATE INDEX entity_by_task IF NOT EXISTS FOR (entity:Entity) ON (entity.task);
