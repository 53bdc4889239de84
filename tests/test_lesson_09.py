"""Lesson 9: the score of the perfect denoiser, Bayes' rule for scores, and both guidances, against closed forms."""

import pytest
import torch
import torch.nn.functional as F
from conftest import close

import diffusion_utilities as du

T = 500
AB_T = du.noise_schedule("cosine", T)
TIMES = (20, 100, 250, 400, 500)


def cloud(dtype=torch.float64):
    """30 points in the plane, of three classes that overlap."""
    labels = F.one_hot(torch.arange(30) % 3, 3).to(dtype)
    points = torch.randn(30, 2, 1, 1, generator=torch.Generator().manual_seed(0), dtype=dtype)
    return 0.6 * points + labels[:, :2, None, None], labels


@pytest.fixture
def guide(lesson):
    """The functions of lesson 9 on the cloud, in float64."""
    points, labels = cloud()
    perfect = du.PerfectDenoiser(points, AB_T, labels)
    return lesson(
        "09_scores_and_guidance", T=T, ab_t=AB_T, ab=AB_T.tolist(), points=points, labels=labels, perfect=perfect
    )


def log_mixture(x, t, points):
    """log p_t of the points' Gaussian mixture, from torch's own distributions."""
    ab = AB_T[t]
    hills = torch.distributions.Independent(
        torch.distributions.Normal(ab.sqrt() * points.flatten(1), (1 - ab).sqrt()), 1
    )
    which = torch.distributions.Categorical(logits=torch.zeros(len(points), dtype=x.dtype))
    return torch.distributions.MixtureSameFamily(which, hills).log_prob(x.flatten(1))


@pytest.mark.parametrize("t", TIMES)
def test_score_of_the_perfect_denoiser_is_the_gradient_of_log_p(guide, noise, t):
    x = 1.5 * noise(50, 2, 1, 1, dtype=torch.float64)
    assert torch.allclose(guide.log_p(x, t), log_mixture(x, t, guide.points), rtol=1e-9)
    slope = guide.gradient(lambda z: log_mixture(z, t, guide.points), x)
    # 1e-6: the time is given as t/T, and x0 is recovered through the noise, divided by sqrt(ab_T) = 1e-4 at the end
    assert torch.allclose(guide.score(guide.perfect, x, t), slope, rtol=1e-6, atol=1e-6)
    assert torch.allclose(guide.gradient(lambda z: guide.log_p(z, t), x), slope, rtol=1e-9)


def test_score_of_the_perfect_denoiser_of_sprites(guide, sprites, noise):
    x0 = sprites.x[:20].double()
    perfect = du.PerfectDenoiser(x0, AB_T)
    x = du.add_noise(x0, 300, noise(20, 3, 16, 16, dtype=torch.float64), AB_T)
    slope = guide.gradient(lambda z: log_mixture(z, 300, x0), x)
    assert torch.allclose(guide.score(perfect, x, 300), slope, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("t", TIMES)
def test_bayes_rule_for_scores(guide, noise, t):
    x = 1.5 * noise(50, 2, 1, 1, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[torch.arange(50) % 3]
    given = [guide.points[guide.labels[:, k] == 1] for k in range(3)]
    conditional = [guide.gradient(lambda z, part=part: log_mixture(z, t, part), x) for part in given]
    conditional = torch.stack(conditional)[torch.arange(50) % 3, torch.arange(50)]
    pull = guide.arrow(guide.exact, x, torch.full((50,), t / T, dtype=torch.float64), y)
    assert torch.allclose(guide.score(guide.perfect, x, t) + pull, conditional, rtol=1e-6, atol=1e-6)
    assert torch.allclose(guide.score(guide.perfect, x, t, y), conditional, rtol=1e-6, atol=1e-6)
    # the exact classifier is what the weights of the perfect denoiser say
    weights = guide.perfect.weights(x, torch.tensor([t / T])) @ guide.labels
    assert torch.allclose(guide.exact(x, torch.tensor([t / T])).exp(), weights, atol=1e-9)


@pytest.mark.parametrize("w", [0.5, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("t", [20, 250, 450])
def test_classifier_free_guidance_is_guidance_by_the_implicit_classifier(guide, noise, t, w):
    x, share = noise(40, 2, 1, 1, dtype=torch.float64), torch.full((40,), t / T, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[torch.arange(40) % 3]
    with_classifier = guide.ClassifierGuided(guide.perfect, guide.exact, w)(x, share, y)
    assert torch.allclose(with_classifier, du.Guided(guide.perfect, w)(x, share, y), rtol=1e-6, atol=1e-6)


class Two:
    """Pixels that are all near +mu or all near -mu: a mixture of two `Gaussian` denoisers, and its exact classifier."""

    predicts = "x0"

    def __init__(self, gaussian, ab_t):
        self.classes = [gaussian(ab_t, mu, s=0.4) for mu in (0.3, -0.3)]

    def logits(self, x, t):
        k = round(t.flatten()[0].item() * T)
        root = AB_T[k].sqrt().item()
        return torch.stack([-(x - root * g.mu).square().sum((1, 2, 3)) / (2 * g.std(k) ** 2) for g in self.classes], 1)

    def __call__(self, x, t, c=None):
        share = self.logits(x, t).softmax(1)
        return sum(share[:, k, None, None, None] * g(x, t) for k, g in enumerate(self.classes))


@pytest.mark.parametrize("k", [0, 1])
def test_guidance_with_gamma_1_samples_the_conditional_gaussian(guide, gaussian, k):
    """The ODE of one Gaussian is solvable: a walk guided by the exact classifier must end where it ends."""
    both = Two(gaussian, AB_T)
    guided = guide.ClassifierGuided(both, both.logits, 1.0)
    c = torch.eye(2)[k]
    x_T = torch.randn(8, 1, 4, 4, generator=torch.Generator().manual_seed(3))
    x = du.sample(guided, AB_T, 8, c, seed=3, shape=(1, 4, 4), steps=100, order=2)
    assert torch.allclose(x, both.classes[k].exact(x_T), atol=0.02)


@pytest.mark.parametrize("gamma", [0.5, 4.0])
def test_the_guided_noise_in_closed_form(guide, gaussian, noise, gamma):
    """Of two Gaussians of equal width the log odds are linear, so the classifier's arrow is known."""
    both, t = Two(gaussian, AB_T), 300
    x, share, c = noise(6, 1, 4, 4, dtype=torch.float64), torch.full((6,), t / T), torch.eye(2)[[0]].expand(6, 2)
    out = guide.ClassifierGuided(both, both.logits, gamma)(x, share, c)
    eps, plain = (du.to_x0_eps(answer, x, t, AB_T, "x0")[1] for answer in (out, both(x, share)))
    slope = 2 * AB_T[t].sqrt().item() * 0.3 / both.classes[0].std(t) ** 2
    pull = slope * (1 - torch.sigmoid(slope * x.sum((1, 2, 3))))[:, None, None, None]
    torch.testing.assert_close(eps, plain - gamma * (1 - AB_T[t]).sqrt().item() * pull)


class Network(torch.nn.Module):
    """A small network that answers in a given unit; its answers depend on x and t."""

    def __init__(self, predicts):
        super().__init__()
        self.predicts, self.conv = predicts, torch.nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x, t, c=None):
        assert c is None  # the request goes to the classifier alone
        return self.conv(x) * (0.5 + t[:, None, None, None])


def classifier(x, t):
    return torch.stack([x.mean((1, 2, 3)), x.square().mean((1, 2, 3)), t.to(x)], 1)


@pytest.mark.parametrize("predicts", ["eps", "x0", "v"])
def test_the_unit_of_the_network_is_kept(guide, noise, predicts):
    """Whatever unit the network answers in, guidance moves the noise that the answer implies by the same amount."""
    torch.manual_seed(0)
    network = Network(predicts).double().requires_grad_(False)
    guided = guide.ClassifierGuided(network, classifier, 3.0)
    assert guided.predicts == predicts
    t = torch.tensor([10, 200, 450])
    x, c = noise(3, 3, 8, 8, dtype=torch.float64), torch.eye(3)
    before, after = (
        du.to_x0_eps(m(x, t / T, *args), x, t, AB_T, predicts) for m, args in ((network, ()), (guided, (c,)))
    )
    signal, sigma = du.signal_and_noise(AB_T, t, x)
    pull = guide.arrow(classifier, x, t / T, c)
    torch.testing.assert_close(after[1] - before[1], -3 * sigma * pull)
    torch.testing.assert_close(after[0] - before[0], 3 * sigma**2 / signal * pull)


@pytest.mark.parametrize("predicts", ["eps", "x0", "v"])
def test_gamma_0_and_no_request_are_the_network_alone(guide, noise, predicts):
    network = Network(predicts).requires_grad_(False)
    x, t = noise(4, 3, 8, 8), torch.full((4,), 0.5)
    c = torch.eye(3)[[0, 1, 2, 0]]
    alone = network(x, t)
    assert torch.equal(guide.ClassifierGuided(network, classifier, 0)(x, t, c), alone)
    assert torch.equal(guide.ClassifierGuided(network, classifier, 5)(x, t), alone)
    nothing = guide.ClassifierGuided(network, classifier, 5)(x, t, torch.zeros(4, 3))
    close(nothing, alone, terms=27)


def test_guided_sampling_works_without_gradients_and_leaves_none(guide):
    network = Network("v").requires_grad_(False)
    guided = guide.ClassifierGuided(network, classifier, 2.0)
    how = dict(seed=1, shape=(3, 8, 8), steps=6, order=2, eta=1.0, clip=True)
    with torch.no_grad():
        x = du.sample(guided, AB_T, 4, torch.eye(3)[0], **how)
    assert not x.requires_grad and torch.isfinite(x).all()
    assert torch.equal(x, du.sample(guided, AB_T, 4, torch.eye(3)[0], **how))
    assert not torch.equal(x, du.sample(network_alone(network), AB_T, 4, **how))


def network_alone(network):
    return du.Denoiser(lambda x, t, c: network(x, t), network.predicts, network)


def test_the_noisy_classifier_knows_nothing_of_pure_noise(guide, noise):
    torch.manual_seed(0)
    net = guide.NoisyClassifier().eval()
    x = noise(5, 3, 16, 16)
    assert net(x, torch.zeros(5)).shape == (5, 5)
    assert not torch.allclose(net(x, torch.full((5,), 0.2)), net(x, torch.full((5,), 0.4)))  # t matters
    assert net(x, torch.ones(5)).abs().max() < 1e-2
    pull = guide.arrow(net, x, torch.ones(5), torch.eye(5))
    assert pull.abs().max() < 1e-4 < guide.arrow(net, x, torch.full((5,), 0.2), torch.eye(5)).abs().max()
