# Die Arbeitsfläche.
