"""What all else stands on: words and languages of people, errors, and how files hold objects."""
