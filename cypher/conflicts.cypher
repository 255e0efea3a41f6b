// Memories that contradict each other: what is open, and how it was resolved.  A conflict exists only for who sees both.

// name: list_conflicts
// The open conflicts between memories that are believed, newest first.
UNWIND $space_keys AS space_key
CALL (space_key) {
  MATCH (left:Memory)-[conflict:CONTRADICTS]->(right:Memory) USING INDEX conflict:CONTRADICTS(space_key, created_at)
  WHERE conflict.space_key = space_key AND conflict.created_at <= $before
    AND NOT (conflict.created_at = $before AND conflict.id >= $before_id)
    AND conflict.resolved_by IS NULL AND left.state = 'active' AND right.state = 'active'
    AND left.space_key IN $readable AND left.visible_to IN $visible
    AND right.space_key IN $readable AND right.visible_to IN $visible
  RETURN left, conflict, right ORDER BY conflict.created_at DESC, conflict.id DESC LIMIT $limit
}
WITH left, conflict, right ORDER BY conflict.created_at DESC, conflict.id DESC LIMIT $limit
RETURN conflict {
  .id, .weight, .label, .created_at, method: coalesce(conflict.method, ''),
  left: left {.*, embedding: null}, right: right {.*, embedding: null}
} AS conflict;

// name: get_conflict
// A conflict, open or resolved.
MATCH (left:Memory)-[conflict:CONTRADICTS {id: $id}]->(right:Memory) USING INDEX conflict:CONTRADICTS(id)
WHERE left.space_key IN $space_keys AND left.visible_to IN $visible AND left.state <> 'deleted'
  AND right.space_key IN $space_keys AND right.visible_to IN $visible AND right.state <> 'deleted'
RETURN conflict {
  .id, .weight, .label, .created_at, .resolution, method: coalesce(conflict.method, ''),
  resolved_by: coalesce(conflict.resolved_by, ''),
  left: left {.*, embedding: null}, right: right {.*, embedding: null}
} AS conflict;

// name: resolve_conflict
// Notes by which decision a conflict was resolved; undoing the decision opens it again.
MATCH (left:Memory)-[conflict:CONTRADICTS {id: $id}]->(right:Memory) USING INDEX conflict:CONTRADICTS(id)
WHERE left.space_key = $space_key AND right.space_key = $space_key
SET conflict.resolved_by = $decision_id, conflict.resolution = $resolution
RETURN conflict.id AS id;
