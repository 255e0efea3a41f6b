// What language models cost a space is counted by day.

CREATE CONSTRAINT token_use_is_unique IF NOT EXISTS FOR (counter:TokenUse) REQUIRE (counter.space_key, counter.day) IS UNIQUE;
