# What cannot be done.
problem-not-found = Nicht hier
problem-not-found-detail = Das gibt es nicht ({ $what }), oder es wurde gelöscht.
problem-signed-out = Bitte neu anmelden
problem-signed-out-detail = Die Sitzung ist beendet, daher wurde nichts geändert.
problem-forbidden = Nur Ansehen ist erlaubt
problem-forbidden-detail = Dieses Konto darf nur lesen. Die Administration kann es zur Moderation berechtigen.
problem-bad-form = Dieses Formular ist nicht lesbar
problem-conflict = Jemand war schneller
problem-too-many = Zu viele Versuche
problem-too-many-detail = Warten Sie { $seconds } Sekunden und versuchen Sie es dann noch einmal.
problem-store = Die Datenbank ist nicht erreichbar
problem-store-detail = Es wurde nichts geändert. Versuchen Sie es gleich noch einmal; das Log des Dienstes sagt mehr.
problem-internal = Hier ist etwas kaputt
problem-internal-detail = Das Log des Dienstes sagt, was – unter der Kennung der Anfrage.
problem-foreign = Das kam nicht von hier
problem-foreign-detail = Eine andere Website hat diese Anfrage geschickt, daher wurde nichts getan. Öffnen Sie die Oberfläche und versuchen Sie es dort.
problem-to-queue = Zur Warteschlange
problem-status = Fehler { $status }
problem-request = Anfrage

thing-comment = Kommentar
thing-action = Aktion
thing-file = Datei
