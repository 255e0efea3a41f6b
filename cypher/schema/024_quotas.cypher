// What accounts may keep, and how much lies in each space.  What was stored before is counted once: how many bytes each
// text has in UTF-8 (a letter outside the first plane comes in two halves), then each space under its lock.

CREATE CONSTRAINT quota_tenant_is_unique IF NOT EXISTS FOR (quota:Quota) REQUIRE quota.tenant_id IS UNIQUE;
MATCH (node:Memory|Episode) WHERE node.text_bytes IS NULL AND node.content IS NOT NULL
CALL (node) {
  SET node.text_bytes = reduce(size = 0, letter IN split(node.content, '') |
    size + CASE WHEN letter < '\u0080' THEN 1 WHEN letter < '\u0800' THEN 2 WHEN letter > '\uD7FF' AND letter < '\uE000' THEN 2 ELSE 3 END)
} IN TRANSACTIONS OF 500 ROWS;
MATCH (state:SpaceState)
CALL (state) {
  SET state.locked = true
  WITH state
  CALL (state) {
    MATCH (memory:Memory {space_key: state.space_key}) WHERE memory.state <> 'deleted'
    RETURN count(*) AS count, sum(memory.text_bytes) AS bytes
    UNION ALL
    MATCH (message:Episode {space_key: state.space_key}) WHERE message.state <> 'deleted'
    RETURN count(*) AS count, sum(message.text_bytes) AS bytes
  }
  WITH state, sum(count) AS counted, sum(bytes) AS bytes
  SET state.memory_count = counted, state.text_bytes = bytes
} IN TRANSACTIONS OF 1 ROW;
