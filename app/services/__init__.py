"""What a principal may do: units of work `(tx, principal, …)` and flows `(parts, principal, …)`."""
