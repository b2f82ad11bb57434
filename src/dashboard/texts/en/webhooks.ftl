webhooks-title = Webhooks
webhooks-lead = A site is told what was decided: its address gets a signed message for each comment and each decision, by the Standard Webhooks specification.
webhooks-url = Address
webhooks-hold = Seconds that a moderator’s decision waits
webhooks-hold-hint = What is undone in this time never reaches the site.
webhooks-hold-wrong = A number of seconds from 0 to { $most } is expected.
webhooks-save = Save
webhooks-secret = The secret for checking signatures; it is not shown again:
webhooks-old-secret = The secret before this one signs too until { $until }.
webhooks-off = Switched off on { $at }: { $why }. Save the address to switch it on again, then send again what was missed.
webhooks-counts = { $pending } on their way, { $dead } given up.
webhooks-test = Send a test
webhooks-rotate = New secret
webhooks-remove = Remove
webhooks-since = Send again from
webhooks-since-hint = A time in UTC such as 2026-01-31T10:00:00Z, or the id of a message from which on everything is sent again.
webhooks-since-wrong = A time such as 2026-01-31T10:00:00Z or an id such as msg_05a3dwve8e2j6 is expected.
webhooks-replay = Send again
webhooks-log = Latest attempts
webhooks-log-time = Time
webhooks-log-id = Message
webhooks-log-result = Result
webhooks-log-status = Status
webhooks-log-took = Took
webhooks-log-error = Why not
webhooks-result-delivered = delivered
webhooks-result-failed = failed
webhooks-result-dead = given up
webhooks-result-test = test
webhooks-said-saved = Saved.
webhooks-said-removed = The webhook is removed.
webhooks-said-delivered = The test was delivered.
webhooks-said-failed = The test was not delivered; the latest attempt says why.
webhooks-said-replayed = { $events ->
    [one] One message will be sent again.
   *[other] { $events } messages will be sent again.
}
webhooks-said-secret = Copy the new secret to the site now.
