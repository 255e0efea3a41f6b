// Timeline
// What was true of a subject when, as a table: each value of each attribute from when until when.
// :param space => 'personal/<user_id>'  which space
// :param subject => 'lena'  whose; a part of the name in lower case, '' for all
MATCH (space:Space {id: $space})
MATCH (slot:Slot {space_key: space.space_key}) WHERE slot.subject CONTAINS $subject
MATCH (slot)<-[about:ABOUT]-(memory:Memory) WHERE NOT memory.state IN ['deleted', 'retracted', 'merged']
RETURN slot.subject AS subject, slot.attribute AS attribute, about.value AS value, memory.valid_from AS since,
       CASE WHEN memory.valid_to < datetime('9999-01-01T00:00:00Z') THEN memory.valid_to END AS until,
       memory.state AS state, memory.confidence AS confidence, memory.content AS memory
ORDER BY subject, attribute, since LIMIT 500;
