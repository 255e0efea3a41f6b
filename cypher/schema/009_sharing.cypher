// Where the trace of an erased memory is found by its copies, what a rule shared, and what happened in a space.

CREATE CONSTRAINT origin_id_is_unique IF NOT EXISTS FOR (origin:Origin) REQUIRE origin.id IS UNIQUE;
CREATE INDEX shared_from_by_rule IF NOT EXISTS FOR ()-[shared:SHARED_FROM]-() ON (shared.rule);
CREATE INDEX sharing_event_by_target IF NOT EXISTS FOR (event:SharingEvent) ON (event.space_key, event.at);
CREATE INDEX sharing_event_by_source IF NOT EXISTS FOR (event:SharingEvent) ON (event.from_key, event.at);
CREATE INDEX pending_share_by_target IF NOT EXISTS FOR (pending:PendingShare) ON (pending.space_key, pending.status);
CREATE INDEX audit_event_by_space IF NOT EXISTS FOR (event:AuditEvent) ON (event.space_key, event.at);
