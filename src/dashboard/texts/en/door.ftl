# Outside: the first administrator, signing in.
setup-title = Welcome
setup-lead = Make the first administrator. The code stands in the terminal in which the service was started.
setup-code = Setup code
setup-create = Create the account
setup-code-missing = The code stands in the terminal in which the service was started.
setup-code-wrong = This is not the code. A new one is printed whenever the service starts.

field-name = Your name
field-email = E-mail address
field-password = Password
field-password-hint = At least { $n } characters; a sentence is fine.
field-name-missing = A name is needed: colleagues see it beside what you decide.
field-email-wrong = This is no e-mail address: ann@example.org would be one.
field-password-long = At most { $n } characters.

login-title = Sign in
login-signed-out = You are signed out.
login-wrong = E-mail address or password is wrong.
