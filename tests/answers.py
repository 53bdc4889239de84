"""Right and wrong answers to the exercises, gathered for test_checks.py: decorate them with `right` and `wrong`."""

# RIGHT holds (check, right answer); WRONG holds (check, the mistake that it must name, wrong answer)
RIGHT, WRONG = [], []


def right(check):
    return lambda answer: RIGHT.append((check, answer)) or answer


def wrong(check, mistake):
    return lambda answer: WRONG.append((check, mistake, answer)) or answer


def of(value):
    """One number for each image, shaped to multiply images."""
    return value.float().view(-1, 1, 1, 1)
