// Task audit
// The latest tasks of a space as a table: what each did to how many facts, how long it took, what went wrong.
// :param space => 'personal/<user_id>'  which space
MATCH (space:Space {id: $space})<-[:MEMBER_OF]-(tenant:Tenant)
MATCH (task:Task {tenant_id: tenant.id}) WHERE task.space_key = space.space_key
WITH task ORDER BY task.created_at DESC LIMIT 100
RETURN task.created_at AS at, task.kind AS kind, task.status AS status,
       duration.inSeconds(task.started_at, task.finished_at).seconds AS seconds, task.attempts AS attempts,
       COLLECT {
         MATCH (decision:Decision {task_id: task.id})
         WITH decision.action AS action, count(*) AS facts, count(decision.undone_at) AS undone
         RETURN action + ' ' + facts + CASE WHEN undone > 0 THEN ' (' + undone + ' undone)' ELSE '' END AS told ORDER BY told
       } AS decisions,
       task.tokens AS tokens, task.errors AS errors, task.id AS task
ORDER BY at DESC;
