# What surrounds every page.
language-name = Deutsch
direction = ltr

skip-to-comment = Zum Kommentar springen
skip-to-content = Zum Inhalt springen
nav-main = Hauptmenü
nav-queue = Warteschlange
nav-stats = Statistik
nav-policy = Regeln
nav-audit = Protokoll
nav-sites = Websites
nav-webhooks = Webhooks
nav-users = Personen
layout-keys = Tasten
layout-account = Ihr Konto
layout-sign-out = Abmelden
layout-notice = Hinweis
layout-no-model = Das Modell wurde nicht geladen: { $reason }. Jeder Kommentar wird zurückgehalten.

role-administrator = Administration
role-moderator = Moderation
role-viewer = nur lesend
role-guest = nur auf genannten Websites
