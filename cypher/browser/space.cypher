// Everything in a space
// The latest memories and messages of a space, and what each hangs together with.
// :param space => 'personal/<user_id>'  which space
MATCH (space:Space {id: $space})<-[:IN_SPACE]-(thing:Memory|Episode)
WITH thing ORDER BY thing.created_at DESC LIMIT 200
OPTIONAL MATCH path = (thing)--(other) WHERE NOT other:Space
RETURN thing, path;
