// What a transaction did to spaces, written at its end.  Events have no relationships and hold no text.

// name: update_ledger
// Counts what a transaction stored in spaces and deleted there, and tells what it changed.  The counters of a space are moved
// under its lock, which is held until the commit, so that a reader who sees an event has seen all before it.  Of spaces
// whose owners must obey their quotas: who that is, and what an operator gave him.
UNWIND $rows AS row
MATCH (state:SpaceState {space_key: row.space_key})
SET state.locked = true
WITH state, row, coalesce(state.event_count, 0) AS told, datetime() AS now
SET state.memory_count = coalesce(state.memory_count, 0) + row.memories,
    state.text_bytes = coalesce(state.text_bytes, 0) + row.text_bytes,
    state.event_count = told + size(row.changes)
FOREACH (place IN range(0, size(row.changes) - 1) | CREATE (:Event {
  space_key: row.space_key, seq: told + place + 1, type: row.changes[place].type, subject_id: row.changes[place].subject_id,
  detail: row.changes[place].detail, visible_to: row.changes[place].visible_to, at: now
}))
WITH row WHERE row.obeys
MATCH (space:Space {space_key: row.space_key})
OPTIONAL MATCH (quota:Quota {tenant_id: space.owner_id})
RETURN {
  tenant_id: space.owner_id, memories: row.memories + row.waiting.memories, text_bytes: row.text_bytes + row.waiting.text_bytes,
  own: {memories: quota.memories, text_bytes: quota.text_bytes, llm_tokens_a_day: quota.llm_tokens_a_day}
} AS owner;
