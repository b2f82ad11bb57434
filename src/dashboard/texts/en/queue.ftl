# The working screen.
queue-title = { $status } · Queue
comment-title = { $name } on { $site }
list-label = Comments
tabs-label = Status
tab-held = Held
tab-approved = Approved
tab-rejected = Rejected
tab-any = All
status-held = held
status-approved = approved
status-rejected = rejected
sign-held = ◦
sign-approved = ✓
sign-rejected = ✗
no-name = no name
no-reason = no reason

search-label = Search
search-hint = words author: reason: score:>0.8
search-do = Search
search-help = What can be searched for
search-words = Words, “phrases”, beginnings such as watch*.
search-clear = Clear the search
search-mistake = { $said }.
search-no-site = There is no site called { $name }.
filters = Filter
filter-site = Site
filter-all-sites = All sites
filter-order = Order
filter-reason = Reason
filter-band = Score
filter-lang = Language
filter-age = Age
filter-author = Author
filter-page = Page
filter-any = any
filter-show = Show
sort-worth = most worth a look
sort-newest = newest first
sort-oldest = oldest first
views-label = Views
view-mine = For me
view-keep = Keep this view as
view-shared = for everybody
view-save = Keep
view-remove = Remove this view
view-nameless = A view needs a name.

none-first = Waiting for the first comment
none-first-how = Send one from a terminal, with the site key that was printed when the service started for the first time:
none-older = Nothing older
none-older-why = The list ends here.
none-found = No match
none-found-why = Nothing matches “{ $search }”.
none-held = All clear
none-held-why = Nothing waits.
none-here = None
none-selected = No comment is selected.
look-again = Look again
page-first = First
page-next = Next
row-pick = Select this comment
row-alike = with nearly this text
row-leased = { $who } has it on the screen
bulk-label = Decide about the selected comments
bulk-picked = Selected:
detail-label = Comment

do-approve = Approve
do-reject = Reject
do-hold = Hold
do-undo = Undo
chip-new = new
said-waiting = { $n ->
    [one] { $n } comment waits for a decision.
   *[other] { $n } comments wait for a decision.
}
said-decided = { $done } “{ $text }”{ $why }.
said-undone = Taken back: “{ $text }” is { $status } again.
said-stays = “{ $text }” stays { $status }.
said-undone-script = Taken back: “%text” is %status again.
said-nothing-to-undo = There is nothing to undo.
said-nothing-to-redo = There is nothing to do again.
said-not-saved = Not saved: “%text”. %why
said-unreachable = The server cannot be reached.
said-session-ended = The session has ended. Sign in in another tab, then decide again.
said-already = It is decided already; undo takes the last decision back.
said-not-fetched = This comment could not be fetched.
said-many = %done: %n comments.
said-many-undone = Taken back: %n comments.
said-conflict = %why %keep keeps it, %overrule overrules.
said-kept = Kept as it is.
said-picked = %n selected
said-taken = %who took this one meanwhile.
said-failed = The server answered %status.

detail-alike = { $n } nearly the same
comment-text = The comment
host-title = the host, in the letters the network uses
thread-label = Thread
thread-root = began the thread
thread-parent = is answered
veil-lift = Show the text, it may hurt
why-heading = Why it is here
why-standing = { $status }, because a moderator decided so for texts like this one.
why-no-model = Held because no model was loaded: rules alone neither approve nor reject, so a person decides.
why-missing = Held because this could not be looked up in time: { $stages }.
why-rejected = Rejected because the score of { $score } and a spam probability of { $spam } reach this site's limits of { $limit } and { $sure }.
why-approved = Approved because the score of { $score } and both probabilities stay below what this site holds.
why-unsure = Held because the score of { $score } would reject it, but the classifier is only { $spam } sure that it is spam.
why-everything = Held because this site holds every comment.
why-score = Held because its score of { $score } reaches { $limit }, from which this site holds.
why-toxic = Held because the classifier gives toxicity { $toxic }, and this site holds from { $limit }.
why-spam = Held because the classifier gives spam { $spam }, and this site holds from { $limit }.
why-earlier = Held under an earlier policy of this site; by the one in force it would pass.
gauge-score = Score
gauge-spam = Spam
gauge-toxic = Toxic
gauge-not-judged = not judged
limit-hold = hold from { $limit }
limit-reject = reject from { $limit }
evidence-heading = Evidence
evidence-caption = Every reason with what it adds to the score
evidence-number = Number
evidence-reason = Reason
evidence-adds = Adds
evidence-terms = Strongest terms
mark-rule = rule
mark-spam = like spam
mark-toxic = like abuse
mark-ham = unlike spam
mark-link = link
mark-twin = letter of another script
mark-hidden = invisible
version-built-in = built-in policy
version-policy = policy { $version }
version-now = , now { $version }
version-model = , model { $version }
version-no-model = , no model

side-label = Author and history
author-heading = Author
author-email = E-mail
author-url = Website
author-network = Network
author-same-network = { $n ->
    [0] no other lately
    [one] one other lately
   *[other] { $n } others lately
}
author-first = First seen
author-rate = Last 24 h
author-last-day = { $n ->
    [one] { $n } other comment
   *[other] { $n } other comments
}
author-counts = Other comments of this author
author-strip = The latest, newest first
author-all = all
about-browser = Browser
about-referrer = Came from
about-locale = Site's language
about-role = Role on the site
about-honeypot = Hidden field
about-elapsed = Took to write
about-external-id = The site calls it
about-parent = Answers
same-text = Same text before
near-text = Nearly the same
text-others = { $others } by others, { $rejected } rejected
facts-missing = Not known in time
links-heading = Links in the text
notes-heading = Notes
note-label = Note for colleagues
note-hint = Note, @name mentions
note-to = Hand over to
note-nobody = hand over to …
note-add = Add
note-empty = A note needs words, or somebody to hand the comment to.
history-heading = History
who-author = Its author
who-website = The website
who-gone = Somebody whose account is gone
past-created = received it: { $status }
past-edited = received a new version of it: { $status }
past-appealed = asked for a second look: { $status }
past-undone = took a decision back: { $status } again
past-decided-because = { $status } it: { $reason }
past-decided = { $status } it
change-unknown = It is { $status } now.
change-appealed = { $who } asked for a second look { $ago }.
change-undone = { $who } took a decision back { $ago }, so it is { $status } now.
change-decided = { $who } { $status } this { $ago }.
ago-seconds = { $n } s ago
ago-long = { $time } ago

actions-label = Decide
reasons-label = Reject with another reason
reason-spam = Spam
reason-toxic = Toxic
reason-off-topic = Off-topic
reason-illegal = Illegal
reason-personal-data = Private data
reason-other = Other
form-status = status is approved, rejected or held
form-nothing-picked = No comment is selected.
undo-changed-since = { $change } It was changed since, so it stays as it is.
conflict-title = Somebody was faster
conflict-look = Look again
conflict-keep = Keep it, go on
conflict-overrule = Overrule: make it { $status }
conflict-same = That is what you wanted too, so there is nothing left to do.

campaign-title = { $n ->
    [one] { $n } comment with this text
   *[other] { $n } comments with nearly this text
}
campaign-lead = One decision applies to all that are ticked, and is undone as one.
campaign-empty = None of them waits any more.
campaign-members = Comments
campaign-odd = { $n ->
    [0] None differs in more than a word.
    [one] One is set apart and not ticked.
   *[other] { $n } are set apart and not ticked.
}
campaign-more = { $n } more are not shown and decided with them.
campaign-standing = Those still to come
campaign-only-these = wait as usual
campaign-hours = { $n ->
    [1] the same for an hour
    [24] the same for a day
    [168] the same for a week
   *[other] the same for 30 days
}
campaign-standing-how = Rejecting covers nearly this text, approving only exactly this text. Undo ends it.
odd-text = other words ({ $n } of 64 bits differ)
odd-links = other links
odd-trusted = author has { $n } approved
odd-score = another score
back-to-queue = Back to the queue

keys-title = Your keys
keys-lead = One key an action. An empty field switches it off; two letters with a blank between them are pressed one after the other.
keys-own = My keys
keys-clash = Two actions have the same key.
keys-off = No keys at all
keys-action = Action
keys-key = Key
keys-usual = Usual
keys-save = Save the keys
keys-in-browser = Use these keys in this browser
keys-change = Change the keys
close = Close
palette-title = All actions
palette-find = Find an action
action-next = next comment
action-previous = previous comment
action-approve = approve
action-reject = reject with the reason on the button
action-hold = hold for later
action-reason-1 = reject: spam
action-reason-2 = reject: toxic
action-reason-3 = reject: off-topic
action-reason-4 = reject: illegal
action-reason-5 = reject: private data
action-reason-6 = reject: other
action-undo = undo, step by step
action-redo = do again what was undone
action-select = select
action-range = select up to here
action-campaign = all with nearly this text
action-clear = clear the selection
action-open = open under its own address
action-unveil = show a veiled text
action-note = write a note
action-new = show new comments
action-search = search
action-view-before = previous view
action-view-after = next view
action-keep = after a conflict: keep theirs
action-overrule = after a conflict: overrule
action-palette = all actions
action-help = the list of keys
action-go-queue = go to the queue
action-go-mine = go to what waits for me
action-go-stats = go to the figures
action-go-policy = go to the rules
action-go-audit = go to the history
action-go-keys = go to the keys

thing-account = account
thing-view = view
problem-too-slow = The search took too long
problem-too-slow-detail = Nothing is broken. Search for less: a shorter time such as age:<1w, or one site.

standing-title = What goes on to apply
standing-lead = Decisions about campaigns that also apply to comments still to come.
standing-none = Nothing does.
standing-until = until { $until }
standing-end = End it
standing-decided = What was decided this way

matching-title = { $n ->
    [one] { $n } comment, decided as one
   *[other] { $n } comments, decided as one
}
matching-lead = One decision applies to all of these, and is undone as one. What arrives or changes meanwhile is left alone.
matching-search = Searched for:
matching-none = Nothing is found that you may decide about.
matching-range = Range
matching-by = By which number
matching-strip = How the comments are spread: { $chosen } of { $found } are in the range
matching-from = From
matching-to = to
matching-move-from-down = Lower edge further down
matching-move-from-up = Lower edge further up
matching-move-to-down = Upper edge further down
matching-move-to-up = Upper edge further up
matching-count = { $chosen } of { $found } are in this range.
matching-more = There are more than can be decided at once; these come first in the queue’s order.
matching-sample = A look at { $n } of them
matching-another = Others
matching-take-out = Whatever is not ticked is taken out.
matching-open = All of these…
action-matching = decide all that is listed, by range
said-full = %n decisions are not saved yet. Wait until the server can be reached.
offline = The server cannot be reached. Decisions are kept here and sent as soon as it answers.
again-title = The session has ended
again-lead = Sign in as { $name } to go on. What you decided meanwhile is sent afterwards.
said-again = Signed in again.
again-wrong = This is not right. Try again.
view-appeals = Appeals
second-own = You decided about this before its author asked for a second look, so a colleague gives it.
second-other = Its author asks for a second look. What was said at the first is shown when you have decided.
past-hidden = looked first
who-colleague = A colleague
