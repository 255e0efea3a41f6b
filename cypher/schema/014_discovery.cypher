// Where the communities of a space start.

CREATE INDEX community_by_space IF NOT EXISTS FOR (community:Community) ON (community.space_key);
