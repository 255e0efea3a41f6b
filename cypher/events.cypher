// What changed in spaces, in the order in which it happened there.  Events have no relationships and hold no text.

// name: list_next_events
// The next events of spaces that the caller is in, each from a place on, and how far that was read.  What a commit writes
// becomes visible piece by piece, so only events without a gap between them count; the others are there next time.
UNWIND $places AS place
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space {space_key: place.space_key})
MATCH (state:SpaceState {space_key: space.space_key})
WITH state.space_key AS space_key, coalesce(state.event_count, 0) AS head, coalesce(state.events_gone, 0) AS floor, place.seq AS known
WITH space_key, head, floor, coalesce(known, floor) AS start
WITH space_key, head, floor, start, COLLECT {
  MATCH (event:Event)
  WHERE event.space_key = space_key AND event.seq > start
  RETURN event ORDER BY event.space_key, event.seq LIMIT $window
} AS seen
WITH space_key, head, floor, start, [place IN range(0, size(seen) - 1) WHERE seen[place].seq = start + place + 1 | seen[place]] AS told
RETURN {
  space_key: space_key, head: head, floor: floor, start: start, end: start + size(told),
  events: [event IN told WHERE event.visible_to IN $visible AND ($types = [] OR event.type IN $types) |
    event {.space_key, .seq, .type, .subject_id, .detail, .at}][..$limit]
} AS stream
ORDER BY stream.space_key;
