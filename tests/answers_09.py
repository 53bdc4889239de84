"""Right and wrong answers to the exercises of lesson 9."""

import torch
import torch.nn.functional as F
from answers import right, wrong

import checks


@right(checks.check_score)
def _(eps, t, ab_t):
    return -eps / (1 - ab_t[t]) ** 0.5


@right(checks.check_score)
def _(eps, t, ab_t):  # the whole way to the top, over the variance
    variance = 1 - ab_t[t].item()
    return (variance**0.5 * -eps) / variance


@wrong(checks.check_score, "sign")
def _(eps, t, ab_t):
    return eps / (1 - ab_t[t]).sqrt()


@wrong(checks.check_score, "noise")
def _(eps, t, ab_t):
    return eps.clone()


@wrong(checks.check_score, "minus noise")
def _(eps, t, ab_t):
    return -eps


@wrong(checks.check_score, "variance")
def _(eps, t, ab_t):
    return -eps / (1 - ab_t[t])


@wrong(checks.check_score, "multiplied")
def _(eps, t, ab_t):
    return -eps * (1 - ab_t[t]).sqrt()


@wrong(checks.check_score, "signal")
def _(eps, t, ab_t):
    return -eps / ab_t[t].sqrt()


@wrong(checks.check_score, "signal")
def _(eps, t, ab_t):
    return -eps / (1 - ab_t[t].sqrt()).sqrt()


@right(checks.check_langevin)
def _(score, x, h, z):
    for i in range(len(z)):
        x = x + h * score(x) + (2 * h) ** 0.5 * z[i]
    return x


@right(checks.check_langevin)
def walked(score, x, h, z):
    return x if len(z) == 0 else walked(score, torch.add(x, score(x), alpha=h) + (h * 2) ** 0.5 * z[0], h, z[1:])


@wrong(checks.check_langevin, "no noise")
def _(score, x, h, z):
    for _step in z:
        x = x + h * score(x)
    return x


@wrong(checks.check_langevin, "noise not rooted")
def _(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + 2 * h * fresh
    return x


@wrong(checks.check_langevin, "2 missing")
def _(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + h**0.5 * fresh
    return x


@wrong(checks.check_langevin, "2 outside")
def _(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + 2 * h**0.5 * fresh
    return x


@wrong(checks.check_langevin, "downhill")
def _(score, x, h, z):
    for fresh in z:
        x = x - h * score(x) + (2 * h) ** 0.5 * fresh
    return x


@wrong(checks.check_langevin, "one step")
def _(score, x, h, z):
    for fresh in z:
        return x + h * score(x) + (2 * h) ** 0.5 * fresh


@wrong(checks.check_langevin, "same noise")
def _(score, x, h, z):
    for _step in z:
        x = x + h * score(x) + (2 * h) ** 0.5 * z[0]
    return x


@wrong(checks.check_langevin, "score of the start")
def _(score, x, h, z):
    slope = score(x)
    return x + len(z) * h * slope + (2 * h) ** 0.5 * z.sum(0)


@wrong(checks.check_langevin, "x not carried on")
def _(score, x, h, z):
    for fresh in z:
        new = x + h * score(x) + (2 * h) ** 0.5 * fresh
    return new


@wrong(checks.check_langevin, "h forgotten")
def _(score, x, h, z):
    for fresh in z:
        x = x + score(x) + (2 * h) ** 0.5 * fresh
    return x


@wrong(checks.check_langevin, "fresh noise")
def _(score, x, h, z):
    for _step in z:
        x = x + h * score(x) + (2 * h) ** 0.5 * torch.randn_like(x)
    return x


@wrong(checks.check_langevin, "in place")
def _(score, x, h, z):
    for fresh in z:
        x += h * score(x) + (2 * h) ** 0.5 * fresh
    return x


@right(checks.check_log_class)
def _(log_w, labels):
    return torch.stack([log_w[:, labels[:, k] == 1].logsumexp(1) for k in range(labels.shape[1])], 1)


@right(checks.check_log_class)
def _(log_w, labels):  # the weights of other classes times 0, in logarithms
    return (log_w[:, :, None] + labels.log()).logsumexp(1)


@wrong(checks.check_log_class, "underflow")
def _(log_w, labels):
    return (log_w.exp() @ labels).log()


@wrong(checks.check_log_class, "not the logarithm")
def _(log_w, labels):
    return log_w.exp() @ labels


@wrong(checks.check_log_class, "sum of logarithms")
def _(log_w, labels):
    return log_w @ labels


@wrong(checks.check_log_class, "mean")
def _(log_w, labels):
    return (log_w[:, :, None] + labels.log()).logsumexp(1) - labels.sum(0).log()


@wrong(checks.check_log_class, "mean")
def _(log_w, labels):
    return ((log_w[:, :, None] + labels.log()).logsumexp(1) - labels.sum(0).log()).log_softmax(1)


@wrong(checks.check_log_class, "largest")
def _(log_w, labels):
    return (log_w[:, :, None] + labels.log()).amax(1)


@wrong(checks.check_log_class, "over the batch")
def _(log_w, labels):
    return (log_w[:, :, None] + labels.log()).logsumexp((0, 1)).expand(len(log_w), -1)


def slope(of, x):
    """The gradient of of(x), a number."""
    with torch.enable_grad():
        z = x.detach().requires_grad_()
        return torch.autograd.grad(of(z), z)[0]


@right(checks.check_pull)
def _(classifier, x, t, c):
    return slope(lambda z: (c * classifier(z, t).log_softmax(1)).sum(), x)


@right(checks.check_pull)
def _(classifier, x, t, c):
    return slope(lambda z: -F.cross_entropy(classifier(z, t), c.argmax(1), reduction="sum"), x)


@right(checks.check_pull)
def _(classifier, x, t, c):
    with torch.enable_grad():
        z = x.detach().requires_grad_()
        classifier(z, t).log_softmax(1)[torch.arange(len(x)), c.argmax(1)].sum().backward()
        return z.grad


@wrong(checks.check_pull, "RuntimeError")
def _(classifier, x, t, c):  # samplers switch gradients off
    z = x.detach().requires_grad_()
    return torch.autograd.grad((c * classifier(z, t).log_softmax(1)).sum(), z)[0]


@wrong(checks.check_pull, "sign")
def _(classifier, x, t, c):
    return slope(lambda z: -(c * classifier(z, t).log_softmax(1)).sum(), x)


@wrong(checks.check_pull, "sign")
def _(classifier, x, t, c):
    return slope(lambda z: F.cross_entropy(classifier(z, t), c, reduction="sum"), x)


@wrong(checks.check_pull, "logit")
def _(classifier, x, t, c):
    return slope(lambda z: (c * classifier(z, t)).sum(), x)


@wrong(checks.check_pull, "probability")
def _(classifier, x, t, c):
    return slope(lambda z: (c * classifier(z, t).softmax(1)).sum(), x)


@wrong(checks.check_pull, "mean")
def _(classifier, x, t, c):
    return slope(lambda z: (c * classifier(z, t).log_softmax(1)).sum(1).mean(), x)


@wrong(checks.check_pull, "mean")
def _(classifier, x, t, c):
    return slope(lambda z: (c * classifier(z, t).log_softmax(1)).mean(), x)


@wrong(checks.check_pull, "mean")
def _(classifier, x, t, c):
    return slope(lambda z: -F.cross_entropy(classifier(z, t), c), x)


@wrong(checks.check_pull, "mean")
def _(classifier, x, t, c):
    return slope(lambda z: F.cross_entropy(classifier(z, t), c), x)


@wrong(checks.check_pull, "all classes")
def _(classifier, x, t, c):
    return slope(lambda z: classifier(z, t).log_softmax(1).sum(), x)


@wrong(checks.check_pull, "over the batch")
def _(classifier, x, t, c):
    return slope(lambda z: (c * classifier(z, t).log_softmax(0)).sum(), x)


@right(checks.check_steer)
def _(eps, pull, t, gamma, ab_t):
    return eps - gamma * (1 - ab_t[t]) ** 0.5 * pull


@right(checks.check_steer)
def _(eps, pull, t, gamma, ab_t):  # by way of the score
    sigma = (1 - ab_t[t]) ** 0.5
    return -sigma * (-eps / sigma + gamma * pull)


@wrong(checks.check_steer, "sign")
def _(eps, pull, t, gamma, ab_t):
    return eps + gamma * (1 - ab_t[t]) ** 0.5 * pull


@wrong(checks.check_steer, "sign")
def _(eps, pull, t, gamma, ab_t):
    return eps + gamma * pull


@wrong(checks.check_steer, "no factor")
def _(eps, pull, t, gamma, ab_t):
    return eps - gamma * pull


@wrong(checks.check_steer, "divided")
def _(eps, pull, t, gamma, ab_t):
    return eps - gamma * pull / (1 - ab_t[t]) ** 0.5


@wrong(checks.check_steer, "variance")
def _(eps, pull, t, gamma, ab_t):
    return eps - gamma * (1 - ab_t[t]) * pull


@wrong(checks.check_steer, "signal")
def _(eps, pull, t, gamma, ab_t):
    return eps - gamma * ab_t[t] ** 0.5 * pull


@wrong(checks.check_steer, "score returned")
def _(eps, pull, t, gamma, ab_t):
    return -eps / (1 - ab_t[t]) ** 0.5 + gamma * pull


@wrong(checks.check_steer, "gamma ignored")
def _(eps, pull, t, gamma, ab_t):
    return eps - (1 - ab_t[t]) ** 0.5 * pull


@wrong(checks.check_steer, "1 + gamma")
def _(eps, pull, t, gamma, ab_t):
    return eps - (1 + gamma) * (1 - ab_t[t]) ** 0.5 * pull
