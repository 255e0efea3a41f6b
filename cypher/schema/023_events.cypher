// What changed in a space, in order.

CREATE INDEX event_by_place IF NOT EXISTS FOR (event:Event) ON (event.space_key, event.seq);
