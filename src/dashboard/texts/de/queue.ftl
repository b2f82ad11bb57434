# Der Arbeitsplatz.
queue-title = { $status } · Warteschlange
comment-title = { $name } auf { $site }
list-label = Kommentare
tabs-label = Zustand
tab-held = Offen
tab-approved = Freigegeben
tab-rejected = Abgelehnt
tab-any = Alle
status-held = offen
status-approved = freigegeben
status-rejected = abgelehnt
sign-held = ◦
sign-approved = ✓
sign-rejected = ✗
no-name = ohne Namen
no-reason = kein Grund

search-label = Suche
search-hint = Wörter author: reason: score:>0.8
search-do = Suchen
search-help = Wonach gesucht werden kann
search-words = Wörter, „Wortfolgen“, Anfänge wie Uhr*.
search-clear = Suche leeren
search-mistake = { $said }.
search-no-site = Es gibt keine Website namens { $name }.
filters = Filter
filter-site = Website
filter-all-sites = Alle Websites
filter-order = Reihenfolge
filter-reason = Grund
filter-band = Punkte
filter-lang = Sprache
filter-age = Alter
filter-author = Autor
filter-page = Seite
filter-any = beliebig
filter-show = Zeigen
sort-worth = Wichtigstes zuerst
sort-newest = Neuestes zuerst
sort-oldest = Ältestes zuerst
views-label = Ansichten
view-mine = Für mich
view-keep = Diese Ansicht merken als
view-shared = für alle
view-save = Merken
view-remove = Diese Ansicht entfernen
view-nameless = Eine Ansicht braucht einen Namen.

none-first = Warten auf den ersten Kommentar
none-first-how = Senden Sie einen von der Befehlszeile, mit dem Schlüssel, den der erste Start des Dienstes ausgegeben hat:
none-older = Nichts Älteres
none-older-why = Hier endet die Liste.
none-found = Kein Treffer
none-found-why = Zu „{ $search }“ gibt es nichts.
none-held = Alles erledigt
none-held-why = Nichts wartet.
none-here = Keine
none-selected = Kein Kommentar ist ausgewählt.
look-again = Noch einmal nachsehen
page-first = Anfang
page-next = Weiter
row-pick = Diesen Kommentar auswählen
row-alike = mit fast diesem Text
row-leased = { $who } hat ihn auf dem Schirm
bulk-label = Über die ausgewählten Kommentare entscheiden
bulk-picked = Ausgewählt:
detail-label = Kommentar

do-approve = Freigeben
do-reject = Ablehnen
do-hold = Zurückhalten
do-undo = Zurücknehmen
chip-new = neu
said-waiting = { $n ->
    [one] { $n } Kommentar wartet auf eine Entscheidung.
   *[other] { $n } Kommentare warten auf eine Entscheidung.
}
said-decided = { $done }: „{ $text }“{ $why }.
said-undone = Zurückgenommen: „{ $text }“ ist wieder { $status }.
said-stays = „{ $text }“ bleibt { $status }.
said-undone-script = Zurückgenommen: „%text“ ist wieder %status.
said-nothing-to-undo = Es gibt nichts zurückzunehmen.
said-nothing-to-redo = Es gibt nichts zu wiederholen.
said-not-saved = Nicht gespeichert: „%text“. %why
said-unreachable = Der Server ist nicht erreichbar.
said-session-ended = Die Sitzung ist zu Ende. Melden Sie sich in einem anderen Fenster an und entscheiden Sie dann noch einmal.
said-already = Darüber ist schon entschieden; die letzte Entscheidung lässt sich zurücknehmen.
said-not-fetched = Dieser Kommentar konnte nicht geladen werden.
said-many = %done: %n Kommentare.
said-many-undone = Zurückgenommen: %n Kommentare.
said-conflict = %why %keep lässt es so, %overrule setzt sich darüber hinweg.
said-kept = Bleibt, wie es ist.
said-picked = %n ausgewählt
said-taken = %who hat diesen inzwischen übernommen.
said-failed = Der Server hat mit %status geantwortet.

detail-alike = { $n } fast gleiche
comment-text = Der Kommentar
host-title = der Rechnername in den Zeichen, die das Netz verwendet
thread-label = Gespräch
thread-root = begann das Gespräch
thread-parent = darauf wird geantwortet
veil-lift = Text zeigen, er kann verletzen
why-heading = Warum er hier ist
why-standing = { $status }, weil jemand aus der Moderation das für Texte wie diesen entschieden hat.
why-no-model = Zurückgehalten, weil kein Modell geladen ist: Regeln allein geben weder frei noch lehnen sie ab, also entscheidet ein Mensch.
why-missing = Zurückgehalten, weil dies nicht rechtzeitig zu erfahren war: { $stages }.
why-rejected = Abgelehnt, weil { $score } Punkte und eine Spam-Wahrscheinlichkeit von { $spam } die Grenzen dieser Website von { $limit } und { $sure } erreichen.
why-approved = Freigegeben, weil { $score } Punkte und beide Wahrscheinlichkeiten unter dem bleiben, was diese Website zurückhält.
why-unsure = Zurückgehalten: { $score } Punkte würden zum Ablehnen reichen, aber die Spam-Wahrscheinlichkeit ist nur { $spam }.
why-everything = Zurückgehalten, weil diese Website jeden Kommentar zurückhält.
why-score = Zurückgehalten, weil { $score } Punkte die Grenze von { $limit } erreichen.
why-toxic = Zurückgehalten, weil der Klassifikator Beleidigung mit { $toxic } bewertet und diese Website ab { $limit } zurückhält.
why-spam = Zurückgehalten, weil der Klassifikator Spam mit { $spam } bewertet und diese Website ab { $limit } zurückhält.
why-earlier = Zurückgehalten nach einer früheren Richtlinie; nach der jetzigen würde er freigegeben.
gauge-score = Punkte
gauge-spam = Spam
gauge-toxic = Toxisch
gauge-not-judged = nicht bewertet
limit-hold = zurückhalten ab { $limit }
limit-reject = ablehnen ab { $limit }
evidence-heading = Belege
evidence-caption = Jeder Grund und was er zu den Punkten beiträgt
evidence-number = Nummer
evidence-reason = Grund
evidence-adds = Beitrag
evidence-terms = Stärkste Merkmale
mark-rule = Regel
mark-spam = wie Spam
mark-toxic = wie Beleidigung
mark-ham = anders als Spam
mark-link = Link
mark-twin = Buchstabe einer anderen Schrift
mark-hidden = unsichtbar
version-built-in = eingebaute Richtlinie
version-policy = Richtlinie { $version }
version-now = , jetzt { $version }
version-model = , Modell { $version }
version-no-model = , kein Modell

side-label = Autor und Verlauf
author-heading = Autor
author-email = E-Mail
author-url = Website
author-network = Netz
author-same-network = { $n ->
    [0] zuletzt kein anderer
    [one] zuletzt ein anderer
   *[other] zuletzt { $n } andere
}
author-first = Zuerst gesehen
author-rate = Letzte 24 h
author-last-day = { $n ->
    [one] { $n } weiterer Kommentar
   *[other] { $n } weitere Kommentare
}
author-counts = Weitere Kommentare dieses Autors
author-strip = Die letzten, neueste zuerst
author-all = alle
about-browser = Browser
about-referrer = Kam von
about-locale = Sprache der Website
about-role = Rolle dort
about-honeypot = Verstecktes Feld
about-elapsed = Schrieb daran
about-external-id = Heißt dort
about-parent = Antwortet auf
same-text = Gleicher Text zuvor
near-text = Fast gleich
text-others = { $others } von anderen, { $rejected } abgelehnt
facts-missing = Nicht rechtzeitig bekannt
links-heading = Links im Text
notes-heading = Notizen
note-label = Notiz für Kollegen
note-hint = Notiz, @Name erwähnt
note-to = Übergeben an
note-nobody = übergeben an …
note-add = Notieren
note-empty = Eine Notiz braucht Worte oder jemanden, der den Kommentar übernimmt.
history-heading = Verlauf
who-author = Wer ihn geschrieben hat
who-website = Die Website
who-gone = Jemand, dessen Konto es nicht mehr gibt
past-created = hat ihn angenommen: { $status }
past-edited = hat eine neue Fassung angenommen: { $status }
past-appealed = hat um einen zweiten Blick gebeten: { $status }
past-undone = hat eine Entscheidung zurückgenommen: wieder { $status }
past-decided-because = hat entschieden: { $status }, { $reason }
past-decided = hat entschieden: { $status }
change-unknown = Er ist jetzt { $status }.
change-appealed = { $who } hat { $ago } um einen zweiten Blick gebeten.
change-undone = { $who } hat { $ago } eine Entscheidung zurückgenommen, er ist jetzt { $status }.
change-decided = { $who } hat { $ago } entschieden: { $status }.
ago-seconds = vor { $n } s
ago-long = vor { $time }

actions-label = Entscheiden
reasons-label = Aus einem anderen Grund ablehnen
reason-spam = Spam
reason-toxic = Beleidigend
reason-off-topic = Am Thema vorbei
reason-illegal = Rechtswidrig
reason-personal-data = Privates
reason-other = Anderes
form-status = status ist approved, rejected oder held
form-nothing-picked = Kein Kommentar ist ausgewählt.
undo-changed-since = { $change } Seitdem wurde er geändert, also bleibt er, wie er ist.
conflict-title = Jemand war schneller
conflict-look = Noch einmal ansehen
conflict-keep = So lassen, weiter
conflict-overrule = Trotzdem: { $status }
conflict-same = Das wollten Sie auch, es bleibt nichts zu tun.

campaign-title = { $n ->
    [one] { $n } Kommentar mit diesem Text
   *[other] { $n } Kommentare mit fast diesem Text
}
campaign-lead = Eine Entscheidung gilt für alle angekreuzten und wird als eine zurückgenommen.
campaign-empty = Davon wartet keiner mehr.
campaign-members = Kommentare
campaign-odd = { $n ->
    [0] Keiner weicht um mehr als ein Wort ab.
    [one] Einer fällt heraus und ist nicht angekreuzt.
   *[other] { $n } fallen heraus und sind nicht angekreuzt.
}
campaign-more = { $n } weitere werden nicht gezeigt und mit ihnen entschieden.
campaign-standing = Was noch kommt
campaign-only-these = wartet wie sonst
campaign-hours = { $n ->
    [1] eine Stunde lang genauso
    [24] einen Tag lang genauso
    [168] eine Woche lang genauso
   *[other] 30 Tage lang genauso
}
campaign-standing-how = Ablehnen gilt für fast diesen Text, Freigeben nur für genau diesen. Zurücknehmen beendet es.
odd-text = unterscheidet sich in { $n } von 64 Bit
odd-links = andere Links
odd-trusted = vom Autor sind { $n } freigegeben
odd-score = andere Punkte
back-to-queue = Zurück zur Warteschlange

keys-title = Ihre Tasten
keys-lead = Eine Taste je Handlung. Ein leeres Feld schaltet sie ab; zwei Zeichen mit Leerzeichen dazwischen werden nacheinander gedrückt.
keys-own = Meine Tasten
keys-clash = Zwei Handlungen haben dieselbe Taste.
keys-off = Gar keine Tasten
keys-action = Handlung
keys-key = Taste
keys-usual = Üblich
keys-save = Tasten speichern
keys-in-browser = Diese Tasten in diesem Browser verwenden
keys-change = Tasten ändern
close = Schließen
palette-title = Alle Handlungen
palette-find = Handlung suchen
action-next = nächster Kommentar
action-previous = voriger Kommentar
action-approve = freigeben
action-reject = ablehnen, mit dem Grund auf dem Knopf
action-hold = zurückhalten
action-reason-1 = ablehnen: Spam
action-reason-2 = ablehnen: beleidigend
action-reason-3 = ablehnen: am Thema vorbei
action-reason-4 = ablehnen: rechtswidrig
action-reason-5 = ablehnen: Privates
action-reason-6 = ablehnen: anderes
action-undo = zurücknehmen, Schritt für Schritt
action-redo = Zurückgenommenes wiederholen
action-select = auswählen
action-range = bis hierher auswählen
action-campaign = alle mit fast diesem Text
action-clear = Auswahl leeren
action-open = unter eigener Adresse öffnen
action-unveil = verschleierten Text zeigen
action-note = Notiz schreiben
action-new = neue Kommentare zeigen
action-search = suchen
action-view-before = vorige Ansicht
action-view-after = nächste Ansicht
action-keep = nach einem Konflikt: so lassen
action-overrule = nach einem Konflikt: sich durchsetzen
action-palette = alle Handlungen
action-help = Liste der Tasten
action-go-queue = zur Warteschlange
action-go-mine = zu dem, was auf mich wartet
action-go-stats = zu den Zahlen
action-go-policy = zu den Regeln
action-go-audit = zum Verlauf
action-go-keys = zu den Tasten

thing-account = Konto
thing-view = Ansicht
problem-too-slow = Die Suche hat zu lange gedauert
problem-too-slow-detail = Nichts ist kaputt. Suchen Sie nach weniger: in kürzerer Zeit wie age:<1w oder auf einer Website.

standing-title = Was weiter gilt
standing-lead = Entscheidungen über Kampagnen, die auch für künftige Kommentare gelten.
standing-none = Nichts.
standing-until = bis { $until }
standing-end = Beenden
standing-decided = Was so entschieden wurde

matching-title = { $n ->
    [one] { $n } Kommentar auf einmal entscheiden
   *[other] { $n } Kommentare auf einmal entscheiden
}
matching-lead = Eine Entscheidung gilt für alle diese und wird als eine zurückgenommen. Was inzwischen kommt oder sich ändert, bleibt unberührt.
matching-search = Gesucht:
matching-none = Nichts gefunden, worüber Sie entscheiden dürfen.
matching-range = Bereich
matching-by = Nach welcher Zahl
matching-strip = Wie sich die Kommentare verteilen: { $chosen } von { $found } liegen im Bereich
matching-from = Von
matching-to = bis
matching-move-from-down = Untere Grenze weiter hinunter
matching-move-from-up = Untere Grenze weiter hinauf
matching-move-to-down = Obere Grenze weiter hinunter
matching-move-to-up = Obere Grenze weiter hinauf
matching-count = { $chosen } von { $found } liegen in diesem Bereich.
matching-more = Es sind mehr, als auf einmal entschieden werden können; diese stehen in der Warteschlange vorn.
matching-sample = { $n } davon zur Ansicht
matching-another = Andere
matching-take-out = Was nicht angekreuzt ist, bleibt außen vor.
matching-open = Alle diese …
action-matching = alle aufgeführten nach Bereich entscheiden
said-full = %n Entscheidungen sind noch nicht gespeichert. Warten Sie, bis der Server wieder erreichbar ist.
offline = Der Server ist nicht erreichbar. Entscheidungen bleiben hier und werden gesendet, sobald er antwortet.
again-title = Die Sitzung ist abgelaufen
again-lead = Melden Sie sich als { $name } wieder an. Was Sie inzwischen entschieden haben, wird danach gesendet.
said-again = Wieder angemeldet.
again-wrong = Das stimmt nicht. Versuchen Sie es noch einmal.
view-appeals = Einsprüche
second-own = Darüber haben Sie entschieden, bevor um einen zweiten Blick gebeten wurde; den wirft jemand anderes.
second-other = Es wurde um einen zweiten Blick gebeten. Was beim ersten gesagt wurde, steht hier nach Ihrer Entscheidung.
past-hidden = sah zuerst hin
who-colleague = Jemand aus dem Team
