// What was done to spaces.  Events have no relationships, so that recording one locks nothing.

// name: create_audit_events
// Records events of spaces that the caller changes in this transaction.
UNWIND $events AS row
CREATE (event:AuditEvent {
  id: row.id, space_key: row.space_key, at: row.created_at, action: row.action, user_id: row.user_id, agent_id: row.agent_id,
  subject: row.subject, count: row.count, detail: row.detail
})
RETURN count(*) AS created;

// name: list_audit_events
// The events of a space that the caller administers, newest first, from a cursor on.  The order begins as the index does, so
// that only a page is read.
MATCH (event:AuditEvent)
WHERE event.space_key = $space_key AND event.at <= $before
  AND CASE WHEN event.at = $before THEN event.id < $before_id ELSE true END
WITH event ORDER BY event.space_key DESC, event.at DESC, event.id DESC LIMIT $limit
RETURN event {.id, .space_key, .action, .user_id, .agent_id, .subject, .count, .detail, created_at: event.at} AS event
ORDER BY event.created_at DESC, event.id DESC;
