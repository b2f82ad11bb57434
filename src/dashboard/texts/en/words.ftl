# Words that many pages share.
decision-approve = approve
decision-hold = hold
decision-reject = reject
event-created = received
event-edited = edited
event-decided = decided
event-undone = taken back
event-erased = erased
