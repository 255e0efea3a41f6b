// Profile heads
// What holds now: each slot with the memories that fill it, and what these replaced or are disputed by.
// :param space => 'personal/<user_id>'  which space
// :param subject => ''  whose; a part of the name in lower case, '' for all
MATCH (space:Space {id: $space})
MATCH (slot:Slot {space_key: space.space_key}) WHERE slot.subject CONTAINS $subject
MATCH head = (slot)<-[:ABOUT]-(memory:Memory {state: 'active'})
WITH head, memory ORDER BY memory.importance DESC, memory.created_at DESC LIMIT 100
OPTIONAL MATCH before = (memory)-[:SUPERSEDES]->(:Memory)
OPTIONAL MATCH dispute = (memory)-[conflict:CONTRADICTS]-(:Memory) WHERE conflict.resolved_by IS NULL
RETURN head, before, dispute;
