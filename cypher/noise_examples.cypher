// Texts that somebody called noise.  Each is known to the audience of the memory it was, as that is.

// name: create_noise_example
// Learns a text, or counts one more memory that it was said of; an example that is known gets the newer vector.
MERGE (example:NoiseExample {space_key: $space_key, visible_to: $visible_to, text_hash: $text_hash})
ON CREATE SET example = $properties
SET example.memory_ids = [id IN coalesce(example.memory_ids, []) WHERE NOT id IN $properties.memory_ids] + $properties.memory_ids,
    example.model = $properties.model, example.embedding = $properties.embedding
RETURN example.id AS id;

// name: list_noise_examples
// The examples of some spaces, newest first, from a cursor on.
MATCH (example:NoiseExample)
WHERE example.space_key IN $space_keys AND example.visible_to IN $visible AND example.text_hash >= ''
  AND coalesce(example.last_hit_at, example.created_at) >= $since
  AND example.created_at <= $before AND NOT (example.created_at = $before AND example.id >= $before_id)
RETURN example {.*, embedding: []} AS example
ORDER BY example.created_at DESC, example.id DESC LIMIT $limit;

// name: list_learned
// What a space has learned, with vectors, what was used last first.
MATCH (example:NoiseExample)
WHERE example.space_key = $space_key AND example.visible_to IN $visible AND example.text_hash >= ''
  AND coalesce(example.last_hit_at, example.created_at) >= $since
WITH example ORDER BY coalesce(example.last_hit_at, example.created_at) DESC, example.id LIMIT $limit
RETURN example {.*, embedding: CASE WHEN example.model = $model THEN example.embedding ELSE [] END} AS example;

// name: get_noise_example
// An example that the caller may see.
MATCH (example:NoiseExample {id: $id})
WHERE example.space_key IN $space_keys AND example.visible_to IN $visible
RETURN example {.*, embedding: []} AS example;

// name: add_noise_hits
// Counts the messages that were dropped for examples.
UNWIND $hits AS hit
MATCH (example:NoiseExample {id: hit.id})
WHERE example.space_key = $space_key
SET example.hits = example.hits + hit.count, example.last_hit_at = $now;

// name: delete_noise_example
// Forgets an example.
MATCH (example:NoiseExample {id: $id})
WHERE example.space_key IN $space_keys AND example.visible_to IN $visible
DELETE example
RETURN count(*) AS deleted;

// name: delete_confirmation
// Takes back that a memory is noise; an example of no other memory is forgotten.
MATCH (example:NoiseExample {space_key: $space_key, visible_to: $visible_to, text_hash: $text_hash})
WHERE $memory_id IN example.memory_ids
SET example.memory_ids = [id IN example.memory_ids WHERE id <> $memory_id]
WITH example WHERE example.memory_ids = []
DELETE example;

// name: delete_unused
// Forgets the examples of a space that nothing was like for long.
MATCH (example:NoiseExample)
WHERE example.space_key = $space_key AND example.visible_to >= '' AND example.text_hash IS NOT NULL
  AND coalesce(example.last_hit_at, example.created_at) < $before
DELETE example;
