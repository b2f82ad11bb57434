# Outside: the first administrator, signing in.
setup-title = Willkommen
setup-lead = Legen Sie das erste Administrationskonto an. Der Code steht im Terminal, in dem der Dienst gestartet wurde.
setup-code = Einrichtungscode
setup-create = Konto anlegen
setup-code-missing = Der Code steht im Terminal, in dem der Dienst gestartet wurde.
setup-code-wrong = Das ist nicht der Code. Bei jedem Start des Dienstes wird ein neuer ausgegeben.

field-name = Ihr Name
field-email = E-Mail-Adresse
field-password = Passwort
field-password-hint = Mindestens { $n } Zeichen; ein Satz ist gut.
field-name-missing = Ein Name ist nötig: Er steht für andere neben Ihren Entscheidungen.
field-email-wrong = Das ist keine E-Mail-Adresse; ann@example.org wäre eine.
field-password-long = Höchstens { $n } Zeichen.

login-title = Anmelden
login-signed-out = Sie sind abgemeldet.
login-wrong = E-Mail-Adresse oder Passwort ist falsch.
