// What language models cost: one counter for each space and day in UTC.

// name: reserve_tokens
// Adds to what a space used on a day, unless its allowance is used up: then there is no row.  A limit of 0 is none.
MERGE (counter:TokenUse {space_key: $space_key, day: $day})
ON CREATE SET counter.tokens = 0
// The lock comes first, so that of calls at the same time each sees what the others reserved.  Then the counter is read
// again, under another name so that no value read before the lock is used.
SET counter.updated_at = $now
WITH counter.space_key AS space_key, counter.day AS day
MATCH (locked:TokenUse {space_key: space_key, day: day})
WHERE $limit = 0 OR locked.tokens < $limit
SET locked.tokens = locked.tokens + $tokens
RETURN locked.tokens AS tokens;

// name: add_token_use
// Corrects what a space used on a day by what a call cost more, or less, than was reserved for it.
MATCH (counter:TokenUse {space_key: $space_key, day: $day})
SET counter.tokens = counter.tokens + $tokens, counter.updated_at = $now
RETURN counter.tokens AS tokens;
