// Imports: where their lists begin, and the portions of a large file that wait to be stored.

CREATE CONSTRAINT portion_is_unique IF NOT EXISTS FOR (portion:Portion) REQUIRE (portion.import_id, portion.number) IS UNIQUE;
CREATE INDEX portion_by_space IF NOT EXISTS FOR (portion:Portion) ON (portion.space_key);
CREATE INDEX import_by_tenant IF NOT EXISTS FOR (import:Import) ON (import.tenant_id, import.created_at);
