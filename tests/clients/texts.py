"""Two comments that the shipped model and rules are certain of."""

SPAM = {
    "text": "Get a l\u043ean in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999",
    "name": "Best Loans",
    "url": "https://easy-cash.example/loans",
}
HAM = {
    "text": "The bridge has been closed since March, and nobody has told us when it will open again.",
    "name": "Ann",
    "email": "ann@example.org",
}
