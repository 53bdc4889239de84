"""Lesson 9: the score of the perfect denoiser, Bayes' rule for scores, and both guidances, against closed forms."""

import pytest
import torch
import torch.nn.functional as F

import diffusion_utilities as du
from plumbing import lesson_09

T = 500
AB_T = du.noise_schedule("cosine", T)
TIMES = (20, 100, 250, 400, 500)
STUBS = ("score", "langevin", "log_class", "pull", "steer")


def cloud(dtype=torch.float64):
    """30 points in the plane, of three classes that overlap."""
    labels = F.one_hot(torch.arange(30) % 3, 3).to(dtype)
    points = torch.randn(30, 2, 1, 1, generator=torch.Generator().manual_seed(0), dtype=dtype)
    return 0.6 * points + labels[:, :2, None, None], labels


@pytest.fixture
def guide(lesson):
    """The functions of lesson 9 on the cloud, in float64, its solutions in place of the stubs."""
    points, labels = cloud()
    perfect = du.PerfectDenoiser(points, AB_T, labels)
    module = lesson("09_scores_and_guidance", T=T, ab_t=AB_T, points=points, labels=labels, perfect=perfect,
                    unet=None, reader=None)  # fmt: skip
    for name in STUBS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    module.exact = module.Exact(points, labels)
    return module


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
    slope = guide.gradient(lambda z: log_mixture(z, t, guide.points), x)
    # 1e-6: the time is given as t/T, and x0 is recovered through the noise, divided by sqrt(ab_T) = 1e-4 at the end
    assert torch.allclose(guide.uphill(guide.perfect, t)(x), slope, rtol=1e-6, atol=1e-6)
    assert torch.allclose(guide.gradient(lambda z: guide.log_p(z, t), x), slope, rtol=1e-9)


def test_score_of_the_perfect_denoiser_of_sprites(guide, sprites, noise):
    x0 = sprites.x[:20].double()
    perfect = du.PerfectDenoiser(x0, AB_T)
    x = du.add_noise(x0, 300, noise(20, 3, 16, 16, dtype=torch.float64), AB_T)
    slope = guide.gradient(lambda z: log_mixture(z, 300, x0), x)
    assert torch.allclose(guide.uphill(perfect, 300)(x), slope, rtol=1e-6, atol=1e-6)


def test_langevin_draws_from_a_bell(guide, noise):
    """At the score of N(0.5, 0.3^2) the walk forgets its start and ends with that mean and spread."""
    z = noise(400, 4, 1, 16, 16, dtype=torch.float64)
    x = guide.langevin(lambda x: (0.5 - x) / 0.09, torch.full((4, 1, 16, 16), 3.0).double(), 0.09 * 0.05, z)
    assert abs(x.mean().item() - 0.5) < 0.05
    assert abs(x.std().item() - 0.3) < 0.04


@pytest.mark.parametrize("t", TIMES)
def test_bayes_rule_for_scores(guide, noise, t):
    x = 1.5 * noise(50, 2, 1, 1, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[torch.arange(50) % 3]
    given = [guide.points[guide.labels[:, k] == 1] for k in range(3)]
    conditional = [guide.gradient(lambda z, part=part: log_mixture(z, t, part), x) for part in given]
    conditional = torch.stack(conditional)[torch.arange(50) % 3, torch.arange(50)]
    arrow = guide.pull(guide.exact, x, torch.full((50,), t / T, dtype=torch.float64), y)
    assert torch.allclose(guide.uphill(guide.perfect, t)(x) + arrow, conditional, rtol=1e-6, atol=1e-6)
    assert torch.allclose(guide.uphill(guide.perfect, t, y)(x), conditional, rtol=1e-6, atol=1e-6)
    # the exact classifier is what the weights of the perfect denoiser say
    weights = guide.perfect.weights(x, torch.tensor([t / T])) @ guide.labels
    assert torch.allclose(guide.exact(x, torch.tensor([t / T])).exp(), weights, atol=1e-9)


def test_the_class_can_be_read_where_the_noise_is_strong(guide, sprites, noise):
    """The claim of section 4, with few sprites: the weights name the class of nearly every sprite at t = 350."""
    train = du.load_sprites("train", 4000)
    x = du.add_noise(sprites.x[:60], 350, noise(60, 3, 16, 16), AB_T)
    seen = guide.Exact(train.x, train.c)(x, torch.tensor([350 / T])).argmax(1)
    assert (seen == sprites.c[:60].argmax(1)).float().mean() > 0.9


@pytest.mark.parametrize("w", [0.5, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("t", [20, 250, 450])
def test_classifier_free_guidance_is_guidance_by_the_implicit_classifier(guide, noise, t, w):
    x = noise(40, 2, 1, 1, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[torch.arange(40) % 3]
    by_classifier = guide.predict(guide.ClassifierGuided(guide.perfect, guide.exact, w), x, t, y)
    assert torch.allclose(by_classifier, guide.predict(du.Guided(guide.perfect, w), x, t, y), rtol=1e-6, atol=1e-6)


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
    x, c = noise(6, 1, 4, 4, dtype=torch.float64), torch.eye(2)[[0]].expand(6, 2)
    eps = guide.predict(guide.ClassifierGuided(both, both.logits, gamma), x, t, c)
    slope = 2 * AB_T[t].sqrt().item() * 0.3 / both.classes[0].std(t) ** 2
    arrow = slope * (1 - torch.sigmoid(slope * x.sum((1, 2, 3))))[:, None, None, None]
    plain = guide.predict(both, x, t)
    torch.testing.assert_close(eps, plain - gamma * (1 - AB_T[t]).sqrt().item() * arrow)


class Network(torch.nn.Module):
    """A small network that answers in a given unit; its answers depend on x, t and whether a class is asked for."""

    def __init__(self, predicts):
        super().__init__()
        self.predicts, self.conv = predicts, torch.nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x, t, c=None):
        return self.conv(x) * (0.5 + t[:, None, None, None]) + (0 if c is None else 0.1)


def classifier(x, t):
    return torch.stack([x.mean((1, 2, 3)), x.square().mean((1, 2, 3)), t.to(x)], 1)


@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("predicts", ["eps", "x0", "v"])
def test_guidance_moves_the_noise_that_the_networks_answer_implies(guide, noise, predicts, ask):
    torch.manual_seed(0)
    network = Network(predicts).double().requires_grad_(False)
    x, c, t = noise(3, 3, 8, 8, dtype=torch.float64), torch.eye(3), 200
    guided = guide.predict(guide.ClassifierGuided(network, classifier, 3.0, ask), x, t, c)
    arrow = guide.pull(classifier, x, torch.full((3,), t / T), c)
    plain = guide.predict(network, x, t, c if ask else None)
    torch.testing.assert_close(guided - plain, -3 * (1 - AB_T[t]).sqrt() * arrow)
    assert torch.equal(guide.predict(guide.ClassifierGuided(network, classifier, 0, ask), x, t, c), plain)


def test_the_control_pushes_as_far_as_the_guide_in_another_direction(guide, noise):
    network = Network("eps").requires_grad_(False)
    x, c, t = noise(3, 3, 8, 8), torch.eye(3), 200
    plain = guide.predict(network, x, t, c)
    guided, pushed = (
        (guide.predict(kind, x, t, c) - plain).flatten(1)
        for kind in (guide.ClassifierGuided(network, classifier, 8.0, True), guide.Pushed(network, classifier, 8.0))
    )
    torch.testing.assert_close(guided.norm(dim=1), pushed.norm(dim=1), rtol=1e-3, atol=1e-4)
    assert torch.cosine_similarity(guided, pushed).abs().max() < 0.5


def test_guided_sampling_works_without_gradients_and_leaves_none(guide):
    network = Network("v").requires_grad_(False)
    guided = guide.ClassifierGuided(network, classifier, 2.0)
    how = dict(seed=1, shape=(3, 8, 8), steps=6, order=2, eta=1.0, clip=True)
    with torch.no_grad():
        x = du.sample(guided, AB_T, 4, torch.eye(3)[0], **how)
    assert not x.requires_grad and torch.isfinite(x).all()
    assert torch.equal(x, du.sample(guided, AB_T, 4, torch.eye(3)[0], **how))


def test_eleven_answers_are_refused(guide):
    with pytest.raises(ValueError, match="ten answers of the network are all you have"):
        guide.without_request(lambda t: 1, classifier, steps=11)


def test_the_reader_knows_nothing_of_pure_noise(guide, noise):
    torch.manual_seed(0)
    net = guide.Reader().eval()
    x = noise(5, 3, 16, 16)
    assert net(x, torch.zeros(5)).shape == (5, 5)
    assert not torch.allclose(net(x, torch.full((5,), 0.2)), net(x, torch.full((5,), 0.4)))  # t matters
    assert net(x, torch.ones(5)).abs().max() < 1e-2
    arrow = guide.pull(net, x, torch.ones(5), torch.eye(5))
    assert arrow.abs().max() < 1e-4 < guide.pull(net, x, torch.full((5,), 0.2), torch.eye(5)).abs().max()


def test_coverage_is_1_of_the_same_sprites_and_small_of_one(sprites):
    assert lesson_09.coverage(sprites.x, sprites.x) == 1
    assert lesson_09.coverage(sprites.x[:1].repeat(50, 1, 1, 1), sprites.x) < 0.1


def test_points_of_the_plane_have_two_numbers(sprites):
    points, labels = lesson_09.arms(5)
    assert points.shape == (15, 2, 1, 1) and labels.sum(0).tolist() == [5, 5, 5]
    assert lesson_09.plane(points).shape == (15, 2)
    with pytest.raises(ValueError, match=r"\(N, 2, 1, 1\)"):
        lesson_09.plane(sprites.x)
