# What surrounds every page.
language-name = English
direction = ltr

skip-to-comment = Skip to the comment
skip-to-content = Skip to the content
nav-main = Main
nav-queue = Queue
nav-stats = Stats
nav-policy = Rules
nav-audit = Audit
nav-sites = Sites
nav-webhooks = Webhooks
nav-users = People
layout-keys = Keys
layout-account = Your account
layout-sign-out = Sign out
layout-notice = Notice
layout-no-model = The model did not load: { $reason }. Every comment is held.

role-administrator = administrator
role-moderator = moderator
role-viewer = viewer
role-guest = only on named sites
