// What ingest reads and writes: work that waits, decisions by task and time, names of entities.

CREATE INDEX decision_by_space IF NOT EXISTS FOR (decision:Decision) ON (decision.space_key, decision.created_at);
CREATE INDEX decision_by_task IF NOT EXISTS FOR (decision:Decision) ON (decision.task_id);
CREATE INDEX entity_by_name IF NOT EXISTS FOR (entity:Entity) ON (entity.space_key, entity.norm_name);
CREATE INDEX entity_by_space IF NOT EXISTS FOR (entity:Entity) ON (entity.space_key);
CREATE INDEX slot_by_space IF NOT EXISTS FOR (slot:Slot) ON (slot.space_key);
CREATE FULLTEXT INDEX entity_text IF NOT EXISTS FOR (entity:Entity) ON EACH [entity.name, entity.aliases, entity.space_key]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'cjk'}};
