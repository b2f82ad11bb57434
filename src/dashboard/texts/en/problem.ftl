# What cannot be done.
problem-not-found = Not here
problem-not-found-detail = There is no such { $what }, or it was erased.
problem-signed-out = Please sign in again
problem-signed-out-detail = The session has ended, so nothing was changed.
problem-forbidden = Only looking is allowed
problem-forbidden-detail = This account is a viewer's. An administrator can make it a moderator's.
problem-bad-form = This form cannot be read
problem-conflict = Somebody was faster
problem-too-many = Too many attempts
problem-too-many-detail = Wait { $seconds } seconds, then try once more.
problem-store = The database is not available
problem-store-detail = Nothing was changed. Try again in a moment; the log of the service says more.
problem-internal = Something is broken here
problem-internal-detail = The log of the service says what, under the request's id.
problem-foreign = This did not come from here
problem-foreign-detail = Another website sent this request, so nothing was done. Open the dashboard and try there.
problem-to-queue = To the queue
problem-status = Error { $status }
problem-request = request

thing-comment = comment
thing-action = action
thing-file = file
