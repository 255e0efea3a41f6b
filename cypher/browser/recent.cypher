// The latest of everything
// The latest memories and messages of all spaces, and what each hangs together with.
MATCH (thing:Memory|Episode)
WITH thing ORDER BY thing.created_at DESC LIMIT 100
OPTIONAL MATCH path = (thing)--(other) WHERE NOT other:Space
RETURN thing, path;
