# Words that many pages share.
decision-approve = freigeben
decision-hold = zurückhalten
decision-reject = ablehnen
event-created = eingegangen
event-edited = bearbeitet
event-decided = entschieden
event-undone = zurückgenommen
event-erased = gelöscht
