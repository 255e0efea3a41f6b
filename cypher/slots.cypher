// Slots: what memories give values for.  A slot exists for who may see a memory that fills it, and the slots of all names
// of a thing are read as one.

// name: list_slots
// A page of the slots that the caller's memories fill, by subject, attribute and context, with the values that hold now.
MATCH (member:Slot) USING INDEX SEEK member:Slot(space_key)
WHERE member.space_key IN $space_keys AND ($attribute = '' OR member.attribute = $attribute) AND EXISTS {
  (member)<-[:ABOUT]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
}
CALL (member) {
  OPTIONAL MATCH path = (named:Entity {space_key: member.space_key, norm_name: member.subject})-[:SAME_AS*0..]->(root:Entity)
  WHERE NOT EXISTS { (root)-[:SAME_AS]->() }
  RETURN root, length(path) AS depth
  ORDER BY EXISTS { (root)<-[:SAME_AS]-() } DESC, root.id LIMIT 1
}
WITH coalesce(root.id, member.subject) AS thing, root, member ORDER BY depth, member.id
WITH member.space_key AS space_key, thing, root, member.attribute AS attribute, member.context AS context,
     collect(member) AS members
WITH members, members[0] AS head, root
WITH members, head, root, head.subject + '\n' + head.attribute + '\n' + head.context AS key
WHERE ($subject = '' OR any(member IN members WHERE member.subject = $subject) OR (root.norm_name = $subject AND EXISTS {
    (root)<-[:MENTIONS]-(memory:Memory)
    WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  }))
  AND ($after_id = '' OR key > $after OR (key = $after AND head.id > $after_id))
WITH members, head, key ORDER BY key, head.id LIMIT $limit
CALL (members) {
  UNWIND members AS member
  MATCH (member)<-[about:ABOUT]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state = 'active'
  WITH memory, about ORDER BY memory.valid_from DESC, memory.id LIMIT $most_values
  RETURN collect({value: about.value, memory_id: memory.id, valid_from: memory.valid_from, valid_to: memory.valid_to}) AS values
}
RETURN head {
  .id, .subject, .attribute, .context, .cardinality, .space_key, values: values,
  member_ids: [member IN members | member.id]
} AS slot
ORDER BY key, head.id;

// name: get_slot
// What the caller sees of a slot by the id of one of its nodes: those of the same attribute under all names of the subject.
MATCH (asked:Slot {id: $id})
WHERE asked.space_key IN $space_keys AND EXISTS {
  (asked)<-[:ABOUT]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
}
CALL (asked) {
  OPTIONAL MATCH (named:Entity {space_key: asked.space_key, norm_name: asked.subject})-[:SAME_AS*0..]->(root:Entity)
  WHERE NOT EXISTS { (root)-[:SAME_AS]->() }
  RETURN root ORDER BY EXISTS { (root)<-[:SAME_AS]-() } DESC, root.id LIMIT 1
}
CALL (asked, root) {
  OPTIONAL MATCH path = (other:Entity)-[:SAME_AS*0..]->(root)
  WITH asked, other, length(path) AS depth
  WITH asked, coalesce(other.norm_name, asked.subject) AS name, coalesce(depth, 0) AS depth
  MATCH (member:Slot {space_key: asked.space_key, subject: name, attribute: asked.attribute, context: asked.context})
    USING INDEX SEEK member:Slot(space_key, subject, attribute, context)
  WHERE EXISTS {
    (member)<-[:ABOUT]-(memory:Memory)
    WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  }
  WITH member, min(depth) AS depth ORDER BY depth, member.id
  RETURN collect(member) AS members
}
CALL (members) {
  UNWIND members AS member
  MATCH (member)<-[about:ABOUT]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state = 'active'
  WITH memory, about ORDER BY memory.valid_from DESC, memory.id LIMIT $most_values
  RETURN collect({value: about.value, memory_id: memory.id, valid_from: memory.valid_from, valid_to: memory.valid_to}) AS values
}
WITH members, members[0] AS head, values
RETURN head {
  .id, .subject, .attribute, .context, .cardinality, .space_key, values: values,
  member_ids: [member IN members | member.id]
} AS slot;

// name: list_slot_moments
// A page of the values that were given for one of these nodes, in the order in which they were true.
UNWIND $member_ids AS member_id
MATCH (slot:Slot {id: member_id})<-[about:ABOUT]-(memory:Memory)
WHERE slot.space_key IN $space_keys
  AND memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  AND memory.valid_from >= $after AND NOT (memory.valid_from = $after AND memory.id <= $after_id)
WITH memory, slot, about ORDER BY memory.valid_from, memory.id LIMIT $limit
RETURN memory {
  .id, .content, .category, .state, .valid_from, .valid_to, modality: coalesce(memory.modality, 'fact'),
  slot_id: slot.id, subject: slot.subject, attribute: slot.attribute, context: slot.context, value: about.value
} AS moment
ORDER BY memory.valid_from, memory.id;
