// Where the conversation is found that a window without a session id goes on with, and the messages that a task has
// still to ingest.  A text is an example of noise once for
// one audience of a space.

CREATE INDEX session_by_activity IF NOT EXISTS FOR (session:Session) ON (session.space_key, session.agent_id, session.source, session.updated_at);
CREATE INDEX episode_by_ingest_task IF NOT EXISTS FOR (episode:Episode) ON (episode.ingest_task);
CREATE CONSTRAINT noise_example_text_is_unique IF NOT EXISTS FOR (example:NoiseExample) REQUIRE (example.space_key, example.visible_to, example.text_hash) IS UNIQUE;
