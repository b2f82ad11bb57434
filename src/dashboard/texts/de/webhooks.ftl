webhooks-title = Webhooks
webhooks-lead = Eine Website erfährt, was entschieden wurde: Ihre Adresse bekommt zu jedem Kommentar und jeder Entscheidung eine signierte Nachricht nach der Spezifikation Standard Webhooks.
webhooks-url = Adresse
webhooks-hold = Sekunden, die eine Entscheidung von Moderatoren wartet
webhooks-hold-hint = Was in dieser Zeit zurückgenommen wird, erreicht die Website nie.
webhooks-hold-wrong = Erwartet wird eine Anzahl von Sekunden von 0 bis { $most }.
webhooks-save = Speichern
webhooks-secret = Das Geheimnis zum Prüfen der Signaturen; es wird nicht noch einmal gezeigt:
webhooks-old-secret = Das vorige Geheimnis signiert noch bis { $until } mit.
webhooks-off = Abgeschaltet am { $at }: { $why }. Speichern schaltet sie wieder ein; danach lässt sich Versäumtes noch einmal senden.
webhooks-counts = { $pending } unterwegs, { $dead } aufgegeben.
webhooks-test = Test senden
webhooks-rotate = Neues Geheimnis
webhooks-remove = Entfernen
webhooks-since = Noch einmal senden ab
webhooks-since-hint = Eine Zeit in UTC wie 2026-01-31T10:00:00Z, oder die Kennung einer Nachricht, von der an alles noch einmal gesendet wird.
webhooks-since-wrong = Erwartet wird eine Zeit wie 2026-01-31T10:00:00Z oder eine Kennung wie msg_05a3dwve8e2j6.
webhooks-replay = Noch einmal senden
webhooks-log = Letzte Versuche
webhooks-log-time = Zeit
webhooks-log-id = Nachricht
webhooks-log-result = Ergebnis
webhooks-log-status = Status
webhooks-log-took = Dauer
webhooks-log-error = Warum nicht
webhooks-result-delivered = zugestellt
webhooks-result-failed = gescheitert
webhooks-result-dead = aufgegeben
webhooks-result-test = Test
webhooks-said-saved = Gespeichert.
webhooks-said-removed = Der Webhook ist entfernt.
webhooks-said-delivered = Der Test wurde zugestellt.
webhooks-said-failed = Der Test wurde nicht zugestellt; der letzte Versuch sagt, warum.
webhooks-said-replayed = { $events ->
    [one] Eine Nachricht wird noch einmal gesendet.
   *[other] { $events } Nachrichten werden noch einmal gesendet.
}
webhooks-said-secret = Das neue Geheimnis muss jetzt auf die Website kopiert werden.
